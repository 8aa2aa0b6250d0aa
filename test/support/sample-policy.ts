import { PolicyProfile, type Requirement } from "#schemas/policy.ts";

const common = { clause: "Mục III.2", applies: "always", impact: 2 } as const;

const line: Requirement = {
  ...common,
  id: "R01",
  title: { vi: "Đường truyền tối thiểu 200 Mbps", en: "Line of at least 200 Mbps" },
  quote: "đường truyền tối thiểu 200 Mbps",
  evidenceClass: "both",
  owner: "isp",
  impact: 1,
  rule: {
    kind: "floor",
    probe: "link-bandwidth",
    metrics: ["download_mbps", "upload_mbps"],
    floor: 200,
    hours: "any",
    passValidDays: 7,
    breach: { runs: 3, of: 5, days: 3, servers: 2 },
  },
  declared: { kind: "attested", items: [{ id: "contract", title: { vi: "Hợp đồng ghi tốc độ", en: "Contract states the speed" } }], validDays: 365 },
  advice: { vi: "Gọi nhà mạng, gửi kèm kết quả đo của 5 lần gần nhất.", en: "Call the provider and send the last 5 results." },
  reading: { vi: "Tính theo tốc độ đo được, cả tải xuống và tải lên.", en: "Measured speed, download and upload." },
};
const wifi: Requirement = {
  ...common,
  id: "R02",
  title: { vi: "Wi-Fi phục vụ ít nhất 50 người dùng đồng thời", en: "Wi-Fi for at least 50 users at once" },
  quote: "thiết bị Wi-Fi phục vụ ít nhất 50 người dùng đồng thời",
  evidenceClass: "both",
  owner: "commune",
  rule: {
    kind: "capacity",
    probe: "wifi-clients",
    users: 50,
    peakDays: 30,
    utilisationPercentMax: 70,
    dhcpFreePercentMin: 20,
    clientsPerRadio: 30,
    maxAgeHours: 48,
  },
  advice: { vi: "Kiểm tra dải cấp phát địa chỉ và số điểm phát.", en: "Check the address pool and the number of access points." },
};
const recordings: Requirement = {
  ...common,
  id: "R05",
  title: { vi: "Dữ liệu camera lưu tối thiểu 30 ngày", en: "Recordings kept at least 30 days" },
  quote: "dữ liệu được lưu tối thiểu 30 ngày",
  evidenceClass: "measured",
  owner: "vendor",
  rule: {
    kind: "depth",
    probe: "recording-depth",
    days: 30,
    coveragePercentMin: 99,
    longestGapMinutesMax: 60,
    mergeGapSeconds: 60,
    freshMinutes: 15,
    clockSkewWarnSeconds: 30,
    clockSkewSecondsMax: 60,
    recordingMode: "continuous",
    eventPiecesPerDay: 12,
    replaySamples: 2,
    projectionMarginPercent: 10,
    maxAgeHours: 48,
  },
  advice: { vi: "Kiểm tra ổ cứng đầu ghi; báo nhà cung cấp nếu ổ lỗi.", en: "Check the recorder's disk; call the vendor if it is faulty." },
};
const zones: Requirement = {
  ...common,
  id: "R07",
  title: { vi: "Đủ bốn khu vực chức năng", en: "Four zones" },
  quote: "tiếp nhận – trả hồ sơ, hỗ trợ dịch vụ công trực tuyến, khu vực ưu tiên cho người yếu thế và khu vực chờ",
  evidenceClass: "declared",
  owner: "commune",
  impact: 3,
  rule: {
    kind: "attested",
    items: [
      { id: "reception", title: { vi: "Khu tiếp nhận, trả hồ sơ", en: "Reception" } },
      { id: "online-help", title: { vi: "Khu hỗ trợ dịch vụ công trực tuyến", en: "Online help" } },
      { id: "priority", title: { vi: "Khu ưu tiên cho người yếu thế", en: "Priority" } },
      { id: "waiting", title: { vi: "Khu chờ", en: "Waiting" } },
    ],
    validDays: 180,
  },
  advice: { vi: "Trung tâm khai báo kèm ảnh có ngày chụp.", en: "The centre declares with a dated photo." },
};
const computers: Requirement = {
  ...common,
  id: "R10",
  title: { vi: "Mỗi cán bộ 01 máy tính", en: "One PC per officer" },
  quote: "mỗi cán bộ làm việc được trang bị 01 máy tính",
  evidenceClass: "both",
  owner: "commune",
  rule: { kind: "count", probe: "office-devices", roles: ["officer-pc"], perOfficer: 1, fixed: 0, seenDays: 3, ofWorkingDays: 7 },
  advice: { vi: "Rà soát danh sách máy tính, bổ sung máy còn thiếu.", en: "Check the list of PCs and add what is missing." },
};
const queue: Requirement = {
  ...common,
  id: "R15",
  title: { vi: "Máy lấy số và màn hình gọi số ở địa bàn trọng điểm", en: "Queue machine and display in key areas" },
  quote: "Tại các địa bàn trọng điểm sẽ được bổ sung hệ thống xếp hàng tự động và màn hình hiển thị số thứ tự",
  evidenceClass: "both",
  applies: "key_area",
  owner: "province-office",
  rule: { kind: "count", probe: "office-devices", roles: ["kiosk", "display"], perOfficer: 0, fixed: 2, seenDays: 3, ofWorkingDays: 7 },
  advice: { vi: "Đề nghị Văn phòng UBND tỉnh trang bị.", en: "Ask the Province Office to provide them." },
};
const portals: Requirement = {
  ...common,
  id: "R16",
  title: { vi: "VNPT iGate và Cổng DVC quốc gia truy cập được", en: "iGate and the national portal can be reached" },
  quote: "rà soát, nâng cao hiệu năng, bổ sung các tính năng … Hệ thống VNPT iGate",
  evidenceClass: "measured",
  owner: "portal-vendor",
  impact: 1,
  rule: {
    kind: "reachable",
    probe: "portal-http",
    metric: "portal_up",
    windowHours: 24,
    runsMin: 6,
    upPercentMin: 99,
    maxAgeMinutes: 30,
    workingHoursOnly: true,
    sharedFaultPercent: 30,
  },
  advice: { vi: "Báo đơn vị vận hành kèm giờ và mã lỗi.", en: "Tell the operator, with time and status." },
};

/** A small policy with one requirement of each rule kind, for tests of what is shown. */
export const samplePolicy: PolicyProfile = PolicyProfile.parse({
  id: "sample-890",
  version: 2,
  effectiveFrom: "2025-07-25",
  title: { vi: "Kế hoạch mẫu theo Quyết định 890/QĐ-UBND", en: "Sample plan after Decision 890/QĐ-UBND" },
  source: { document: "Quyết định 890/QĐ-UBND", date: "2025-07-25", note: "mẫu cho kiểm thử" },
  timeZone: "Asia/Ho_Chi_Minh",
  calendar: "sample",
  portals: [{ id: "igate", name: { vi: "VNPT iGate", en: "VNPT iGate" }, url: "https://igate.example.vn", everyMinutes: 5 }],
  requirements: [line, wifi, recordings, zones, computers, queue, portals],
} satisfies PolicyProfile);
