/** Enrolling the gateway PCs of centres: the page of the province, the form of a centre, the sheet for whoever installs. */
export const enrolment = {
  "enrolment.title": "Gateway PCs",
  "enrolment.sum": "{enrolled} of {total} centres have enrolled a gateway PC.",
  "enrolment.every": "All",
  "enrolment.centre": "Centre",
  "enrolment.state": "State",
  "enrolment.state.none": "not enrolled",
  "enrolment.state.code": "code made, PC awaited",
  "enrolment.state.enrolled": "enrolled",
  "enrolment.lacking": "No gateway PC yet at: {points}.",
  "enrolment.codes": "Codes that nobody has used: {count}; the last one ends {until}.",
  "enrolment.agent.version": "version {version}",
  "enrolment.agent.since": "enrolled {at}",
  "enrolment.agent.heard": "last contact: {age}",
  "enrolment.agent.unheard": "has sent nothing yet",
  "enrolment.agent.frozen": "Frozen: its disk may have been copied to another PC.",
  "enrolment.all": "Codes for many centres",
  "enrolment.all.about":
    "A CSV file (for Excel) with codes for {count} places (centres or reception points) that have neither a PC nor a code. Each code works once, within {hours} hours.",
  "enrolment.all.keep":
    "The codes stand in this file alone and are kept nowhere. Hand each to whoever installs the PC of that centre, keep them out of group chats, and delete the file afterwards.",
  "enrolment.all.anew": "Also for the {count} places that have a code; their old codes end at once.",
  "enrolment.all.do": "Make codes and download the CSV file",
  "enrolment.all.done": "Every centre and reception point has enrolled its gateway PC.",
  "enrolment.all.waiting": "Each place without a PC has a code already, so that no other is made. If the old file was lost, tick the box.",
  "enrol.link": "Make an enrolment code",
  "enrol.title": "Enrol the gateway PC of {name}",
  "enrol.about":
    "Makes a code by which the gateway PC of {name} enrols. It works once, within {hours} hours, and is shown once, with a sheet to print that says how to install; it is kept nowhere.",
  "enrol.point": "Reception point",
  "enrol.point.new":
    'No device and no PC names the reception point "{point}" yet. If its code was mistyped, leave this enrolment code unused and make another.',
  "enrol.point.hint":
    "Leave it empty for a PC at the main office. For one at another reception point (with a line and a LAN of its own) write the point's code, such as ia-ly, as in the column “Reception point” of the list of devices.",
  "enrol.agents": "Enrolled:",
  "enrol.agents.note":
    "If this PC was lost, broke down for good or is replaced, use this page instead: it refuses the old PC and makes a code for the new one.",
  "enrol.full": "Each place (main office, reception point) has at most {max} codes that nobody has used: a new one is made only when those are ended.",
  "enrol.anew": "End the codes of this place that nobody has used (lost, or handed to somebody else).",
  "enrol.closed": "The centre is closed from {on} on and gets no code.",
  "enrol.do": "Make a code",
  "enrol.sheet": "Setting up the gateway PC: {name}",
  "enrol.once":
    "The code is shown this once. Print this sheet (Ctrl+P) or copy it now, and hand it to whoever installs the PC before {until}; keep it out of group chats. If the sheet is lost, make a new code.",
  "enrol.code": "Enrolment code",
  "enrol.until": "Ends",
  "enrol.collector": "Address of the collector",
  "enrol.step.install":
    'Copy the program to C:\\hcc-watch (Windows) or /opt/hcc-watch (Linux). Open a terminal (Windows: with "Run as administrator"), run npm ci in that folder, then:',
  "enrol.step.enrol": 'Open a new terminal (Windows: again with "Run as administrator"), type exactly this line and press Enter:',
  "enrol.step.check": "Wait about 5 minutes, then check, and do what the lines with an arrow say:",
  "enrol.step.look": "The page of the centre must show a new contact. If it does not, call: {who}.",
  "enrol.sheet.destroy": "Destroy this sheet when the PC is enrolled.",
  "enrol.address.own":
    "By {url} each PC means itself, so that a PC at a centre does not reach the collector. Have its administrator set HCC_PUBLIC_URL and restart it; the code works with the right address.",
  "enrol.next.none": "No gateway PC is enrolled, so nothing can be measured at this centre yet.",
  "enrol.next.none.do": "Install the program on a PC of the centre and enrol it with a code of the province.",
  "enrol.next.code.do": "A code was made, which works until {until}: install the program on the gateway PC and enrol it with that code.",
  "enrol.next.unheard": "The gateway PC {pc} enrolled {at} and has sent nothing yet.",
  "enrol.next.unheard.do":
    "Wait about 5 minutes after enrolling. If there is still nothing, switch it on, check its network and run there: hcc-agent self-check --quick",
} as const;
