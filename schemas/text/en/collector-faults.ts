import type { collectorFaults as vi } from "../vi/collector-faults.ts";

export const collectorFaults: Record<keyof typeof vi, string> = {
  // The database: where it is, who may use it, what it must be.
  "store.refused": "No PostgreSQL answers at {place}. Start it, or correct DATABASE_URL.",
  "store.host_unknown": "The host of DATABASE_URL is not known: {place}. Check the name and the DNS.",
  "store.timeout": "{place} does not answer in time. Check DATABASE_URL, the network and the firewall.",
  "store.certificate":
    "The certificate of the database at {place} is of no authority that is known here. Name the authority's file in DATABASE_URL: sslmode=verify-full&sslrootcert=/path/ca.pem.",
  "store.authority": "The file of sslrootcert in DATABASE_URL cannot be read: {file} ({error}). Check its name and the right to read it.",
  "store.socket_closed": "The socket at {place} is closed to the user who runs this program. Run as a user who may open it, or correct DATABASE_URL.",
  "store.word": "The database at {place} refuses a word after the question mark of DATABASE_URL: {error}. Correct it or leave it out.",
  "store.no_entry": "The database at {place} lets nobody in by DATABASE_URL: {error}. Check its user and pg_hba.conf.",
  "store.password": "The database at {place} refuses the user or the password of DATABASE_URL. Correct them.",
  "store.no_database": "There is no such database at {place}. Make it with: createdb NAME.",
  "store.connections": "The database at {place} has no connection left. Raise max_connections or stop what uses them.",
  "store.bad_url": "DATABASE_URL is not a URL such as postgres://user:password@host:5432/database or postgres:///database?host=/var/run/postgresql.",
  "store.unusable": "The database at {place} cannot be used: {error}. Check DATABASE_URL and PostgreSQL's log.",
  "store.other_database":
    "DATABASE_URL and HCC_DATABASE_INGEST_URL or HCC_DATABASE_API_URL lead to different databases ({owner}, {other}). Run hcc-collector roles with this DATABASE_URL, and use the lines that it prints.",
  "store.silent": "The database gives no answer to a simple question. See PostgreSQL's log.",
  "store.old_server": "The database is PostgreSQL {version}; hcc-watch needs {least} or newer.",
  "store.read_only": "The database is read-only (a replica, or default_transaction_read_only is on). Point DATABASE_URL at the primary server.",
  "store.no_create": "The database user may not create tables in schema public. Run: GRANT CREATE, USAGE ON SCHEMA public TO that user.",
  "store.no_create_role": "The database user may not make roles. As an administrator of the database run: ALTER ROLE that-user CREATEROLE; then this again.",
  "store.no_change_role":
    "The database user may not change the role {role}. As an administrator of the database run: ALTER ROLE that-user CREATEROLE; then this again.",
  "store.no_create_database":
    "The database user may not make databases. As an administrator of the database run: ALTER ROLE that-user CREATEDB; then this again.",

  // What becomes of the database while a command works.
  "store.disk_full": "The disk of the database is full, and nothing of this was written. Make room there, then run this again.",
  "store.lost": "the connection to the database is lost; start PostgreSQL if it has ended, then run this again. What was begun is not written.",
  "store.no_right": "The user of DATABASE_URL lacks a right in the database ({error}). Use the one who owns the tables.",
  "store.busy": "The database was too busy and has broken this off ({error}). Wait some minutes, then run this again.",

  // The version of the database's tables, and how it keeps them.
  "store.never_migrated":
    "This database is empty: see whether DATABASE_URL or HCC_DATA is that of the province's collector. If the database is new indeed, run: hcc-collector migrate",
  "store.not_migrated": "The database is not of this version of hcc-watch. Run: hcc-collector migrate",
  "store.changed_migration":
    "Migration {name} was changed after it had been applied to this database. Use the version of hcc-watch that made the database, or restore a backup.",
  "store.newer": "The database is newer than this program: it has {names}. Install the newer version of hcc-watch.",
  "store.other_storage":
    "This database was set up with HCC_STORAGE={known}, and {wish} is asked for now. Leave HCC_STORAGE at auto, or move the rows: backup, then restore into a new database with HCC_STORAGE={wish}.",
  "store.no_extension": "HCC_STORAGE={mode} needs the extension {extension} in this database, and it is not there. Run there: CREATE EXTENSION {extension}.",
  "store.old_extension": "HCC_STORAGE={mode} needs {extension} {least} or newer; this database has {version}. Bring it up to date.",
  "store.two_extensions": "The extensions citus and timescaledb do not work in one database. Drop the one that is not meant.",
  "store.no_licence":
    "HCC_STORAGE=timescale-tsl needs timescaledb.license = timescale; the server has {licence}. Set it in postgresql.conf and start the server anew.",
  "store.no_join": 'The function {name} does not join by "{join}", which Citus would have to know it by. Install one version of hcc-watch anew.',
  "store.no_partition":
    "The table {table} gets no partition for {days}: for {seconds} s something else has held it (CREATE INDEX, ANALYZE?). It is tried again.",
  "store.changed_policy":
    "The policy {policy} version {version} has changed since this database recorded it. Give the changed file a new version and an effective date.",
  "store.real_centres": "The database holds {count} real centres, so no simulated province is made here. Give HCC_DATA (or DATABASE_URL) an empty place.",

  // The database that comes along, in HCC_DATA.
  "store.no_folder": "The data folder {folder} cannot be made: {error}. Give HCC_DATA a folder that this user may write.",
  "store.starting": "PostgreSQL in {data} is not ready ({why}); it is waited for, {minutes} minutes at most. Its log is {log}.",
  "store.no_greeting": "PostgreSQL in {data} runs but does not answer: {why}. It was left running; start again later. The whole log is {log}.",
  "store.stopped": "Stopped while PostgreSQL in {data} was not ready ({why}); it goes on by itself, and the next start finds it.",
  "store.unwritable":
    "The file {file} cannot be written ({error}). Run the program as the user who owns this folder, or give HCC_DATA one that this user may write; see whether the disk has room.",
  "store.locked": "Another program has been starting the database in {folder} for {seconds} s. End it, or give HCC_DATA another folder.",
  "store.no_binaries": "No PostgreSQL for {platform} came with npm ci ({name}). Set DATABASE_URL to a PostgreSQL server.",
  "store.unread": "{file} cannot be read: {error}. Run as the user that made it, or give HCC_DATA another folder.",
  "store.unwritten": "{file} cannot be written: {error}. Give HCC_DATA a folder with room that this user may write.",
  "store.lost_password":
    '{file} does not hold the password of the database in {data}; nothing was changed. Put the file back from a copy, or give the database a new password (docs/operations.md, "A lost password").',
  "store.not_prepared": "PostgreSQL could not prepare {folder}: {error}. Check the right to write there and the room on that disk.",
  "store.other_major":
    '{data} holds a database of PostgreSQL {made}, and this hcc-watch brings PostgreSQL {brought}, which cannot read it; nothing was changed. Run `hcc-collector backup --out all.backup` with the hcc-watch that made it, move {data} aside, and run `hcc-collector restore all.backup` with this one (docs/operations.md, "Another major version").',
  "store.not_started": "PostgreSQL did not start in {data}: {error}. The whole log is {log}.",
  "store.no_user":
    'PostgreSQL refuses to run as root, and no other user can reach {bin} and {folder}. Run as an ordinary user, or move the folder to where the user "postgres" or "nobody" may go, or set DATABASE_URL.',

  // Backups and their trial.
  "store.backup.going": "{part} exists: another backup is being written, or one was broken off. Delete it when no backup runs.",
  "store.backup.unwritten":
    "{file} cannot be written: {error}. Check the folder, and the right to write there of the user who runs the command (hcc-collector runs as hcc).",
  "store.backup.stopped": "The backup was stopped; {file} was not written.",
  "store.backup.no_room": "No room for {file}: {error}. Nothing was kept. Write to another disk, or make room.",
  "store.backup.exists": "{file} exists already. A backup never replaces a file: give another name.",
  "store.backup.missing": "There is no file {file}. Check the name and the folder.",
  "store.backup.unread":
    "{file} cannot be read: {error}. Name the file that backup wrote, and check that the user who runs the command may read it (hcc-collector runs as hcc).",
  "store.backup.cut": "{file} is cut: its end is missing. Nothing was changed; use another copy.",
  "store.backup.damaged": "{file} is damaged. Nothing was changed; use another copy.",
  "store.backup.rows_damaged": "{file} is damaged: the rows of table {table} are not those that were written. Nothing was changed; use another copy.",
  "store.backup.too_long": "{file} is damaged: it goes on after its last table. Nothing was changed; use another copy.",
  "store.backup.foreign": "{file} is no backup of hcc-watch. Name the file that backup wrote.",
  "store.backup.newer_format": "{file} was written by a newer version of hcc-watch (format {format}, this one reads {own}). Install that version.",
  "store.backup.newer": "{file} was written by a newer version of hcc-watch (it has {name}). Install that version.",
  "store.backup.other_build": "{file} was written by another build of hcc-watch: its {name} differs from this one. Install the version that wrote it.",
  "store.backup.no_copy": "This database driver has no COPY; a backup and a restore need a PostgreSQL server.",
  "store.restore.newer_schema":
    "The database has a newer schema than the backup. Give a database without tables; the backup's schema is made in it, then brought up to date.",
  "store.restore.columns": "Table {table} has other columns here ({own}) than in the backup ({theirs}). Restore into a database without tables.",
  "store.restore.rows": "Table {table} has {stored} rows after the restore, the backup has {wanted}. Nothing was changed; use another copy.",
  "store.restore.filled":
    "The database is not empty: there are rows in {tables}. Nothing was changed. Restore into a new database (createdb NAME, or another HCC_DATA).",
  "store.restore.busy": "Another program works on this database. End it (a collector?) and restore again.",
  "store.drill.citus":
    "The drill makes its copy on the same server, and a new database there has no nodes of Citus. Try the copy of `hcc-collector backup` instead: restore it into a database of another cluster, or into a plain one.",
  "store.drill.no_program": "{program} is not here; install PostgreSQL's client programs (Debian: postgresql-client).",
  "store.drill.failed": "{program} failed: {error}. Check the rights of the user of DATABASE_URL and the room on the disk.",

  // The settings of the environment and the files that they name.
  "setting.place": "Environment",
  "setting.together": "{missing} is missing: {first} and {second} are given together, or neither.",
  "setting.needs_owner": "HCC_DATABASE_API_URL needs DATABASE_URL: the owner of the tables migrates them. Set DATABASE_URL, too.",
  "setting.not_json": "This is not JSON: often a comma or a bracket is missing or too many.",
  "setting.file.unread":
    "{setting}: {file} cannot be read ({error}); check its name, its folder, and that the user who runs the collector may read it (service and hcc-collector run as hcc).",
  "setting.file.not_json": "{setting}: {file} is not JSON ({place}); often a comma or a bracket is missing or too many.",
  "setting.https": "It must begin with https://.",
  "setting.phone_provider": 'Only "owner": "isp" has a provider: leave this out, or correct "owner".',
  "setting.notify.no_way": 'The recipient {to} needs "{channel}": add it to the file.',
  "setting.notify.no_webhook": 'The recipient {to} needs a webhook of that name in "webhooks": add it, or correct the name.',
  "setting.notify.no_pattern": '"success" of the webhook {name} is no regular expression: correct it or leave it out.',
  "setting.policy.none": 'HCC_POLICY: there is no policy "{policy}"; schemas/policies has: {known}.',
  "setting.policy.to_come":
    'HCC_POLICY: no version of the policy "{policy}" is in force on {day}; see "effectiveFrom" in {files} and the date of this machine.',
  "setting.policy.no_calendar": '{file}: there is no calendar "{calendar}" in schemas/calendars: add it, or correct "calendar".',
  "setting.policy.unrecorded": 'HCC_POLICY: the database knows no policy "{policy}" with its calendar. Check HCC_POLICY.',
  "setting.policy.unreadable": "{name} was recorded by an older program and cannot be read: {fault}\nOf its time there are the sealed reports.",
  "setting.tls.no_certificate": "{setting}: {file} is no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----.",
  "setting.tls.no_key": "{setting}: {file} is no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----.",
  "setting.tls.locked_key":
    "{setting}: the private key in {file} has a passphrase; write it without one (openssl pkey -in {file} -out FILE), readable for this user alone.",
  "setting.tls.no_pair": "{setting}: the private key in {file} is not that of the certificate in {certificate}. Name two files that belong together.",
  "setting.tls.refused": "{settings}: this certificate and key cannot be used for TLS ({error}). Get another certificate.",
};
