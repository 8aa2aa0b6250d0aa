/** Why the collector or its database cannot be used as it is, for whoever runs it: what is wrong, where, and what to do. */
export const collectorFaults = {
  // The database: where it is, who may use it, what it must be.
  "store.refused": "Không có PostgreSQL nào trả lời ở {place}: khởi động PostgreSQL, hoặc sửa DATABASE_URL.",
  "store.host_unknown": "Không tìm thấy máy có tên ghi trong DATABASE_URL ({place}): xem lại tên máy và DNS.",
  "store.timeout": "{place} không trả lời kịp: xem lại DATABASE_URL, mạng và tường lửa.",
  "store.certificate":
    "Chứng thư của cơ sở dữ liệu ở {place} do một nơi cấp không được tin ở máy này: ghi tệp chứng thư của nơi cấp vào DATABASE_URL, sslmode=verify-full&sslrootcert=/đường/dẫn/ca.pem.",
  "store.authority": "Không đọc được tệp sslrootcert ghi trong DATABASE_URL: {file} ({error}). Xem lại tên tệp và quyền đọc.",
  "store.socket_closed": "Người dùng đang chạy chương trình này không được mở socket ở {place}: chạy bằng người dùng có quyền, hoặc sửa DATABASE_URL.",
  "store.word": "Cơ sở dữ liệu ở {place} không nhận một tham số sau dấu hỏi của DATABASE_URL ({error}): sửa hoặc bỏ tham số đó.",
  "store.no_entry": "Cơ sở dữ liệu ở {place} không cho vào bằng DATABASE_URL ({error}): xem lại tên người dùng và pg_hba.conf.",
  "store.password": "Cơ sở dữ liệu ở {place} không nhận tên người dùng hoặc mật khẩu ghi trong DATABASE_URL: sửa lại hai phần đó.",
  "store.no_database": "Không có cơ sở dữ liệu nào ở {place}: tạo bằng createdb TÊN, hoặc sửa tên trong DATABASE_URL.",
  "store.connections": "Cơ sở dữ liệu ở {place} hết kết nối: tăng max_connections, hoặc dừng bớt chương trình đang dùng.",
  "store.bad_url": "DATABASE_URL không phải địa chỉ dạng postgres://user:password@host:5432/database hoặc postgres:///database?host=/var/run/postgresql.",
  "store.unusable": "Không dùng được cơ sở dữ liệu ở {place} ({error}): xem lại DATABASE_URL và nhật ký của PostgreSQL.",
  "store.other_database":
    "DATABASE_URL và HCC_DATABASE_INGEST_URL hoặc HCC_DATABASE_API_URL dẫn đến hai cơ sở dữ liệu khác nhau ({owner}, {other}): chạy hcc-collector roles với DATABASE_URL này rồi dùng các dòng mà lệnh in ra.",
  "store.silent": "Cơ sở dữ liệu không trả lời một câu hỏi đơn giản: xem nhật ký của PostgreSQL.",
  "store.old_server": "Cơ sở dữ liệu là PostgreSQL {version}; hcc-watch cần bản {least} trở lên.",
  "store.read_only": "Cơ sở dữ liệu chỉ cho đọc (là bản sao, hoặc default_transaction_read_only đang bật): ghi máy chủ chính vào DATABASE_URL.",
  "store.no_create": "Người dùng của cơ sở dữ liệu không được tạo bảng trong schema public: chạy GRANT CREATE, USAGE ON SCHEMA public TO người-dùng-đó.",
  "store.no_create_role":
    "Người dùng của cơ sở dữ liệu không được tạo vai trò: nhờ người quản trị cơ sở dữ liệu chạy ALTER ROLE người-dùng-đó CREATEROLE, rồi gõ lại lệnh này.",
  "store.no_change_role":
    "Người dùng của cơ sở dữ liệu không được sửa vai trò {role}: nhờ người quản trị cơ sở dữ liệu chạy ALTER ROLE người-dùng-đó CREATEROLE, rồi gõ lại lệnh này.",
  "store.no_create_database":
    "Người dùng của cơ sở dữ liệu không được tạo cơ sở dữ liệu: nhờ người quản trị cơ sở dữ liệu chạy ALTER ROLE người-dùng-đó CREATEDB, rồi gõ lại lệnh này.",

  // What becomes of the database while a command works.
  "store.disk_full": "Ổ đĩa của cơ sở dữ liệu đầy, việc vừa gõ chưa được ghi: giải phóng chỗ trên ổ đĩa đó rồi gõ lại lệnh.",
  "store.lost": "Mất kết nối với cơ sở dữ liệu giữa chừng: khởi động lại PostgreSQL nếu đã dừng, rồi gõ lại lệnh. Việc dở dang không được ghi.",
  "store.no_right": "Người dùng ghi trong DATABASE_URL thiếu quyền trong cơ sở dữ liệu ({error}): dùng người dùng là chủ các bảng.",
  "store.busy": "Cơ sở dữ liệu quá bận nên đã dừng việc này ({error}): đợi vài phút rồi gõ lại lệnh.",

  // The version of the database's tables, and how it keeps them.
  "store.never_migrated":
    "Cơ sở dữ liệu này còn trống: xem lại DATABASE_URL hoặc HCC_DATA có đúng là của máy chủ của tỉnh không. Nếu đúng là cơ sở dữ liệu mới: chạy hcc-collector migrate.",
  "store.not_migrated": "Cơ sở dữ liệu không cùng phiên bản với chương trình này: chạy hcc-collector migrate.",
  "store.changed_migration":
    "Bước nâng cấp {name} đã bị sửa sau khi chạy ở cơ sở dữ liệu này: dùng phiên bản hcc-watch đã tạo cơ sở dữ liệu, hoặc khôi phục một bản sao lưu.",
  "store.newer": "Cơ sở dữ liệu mới hơn chương trình này (đã có {names}): cài phiên bản hcc-watch mới hơn.",
  "store.other_storage":
    "Cơ sở dữ liệu này đã được tạo với HCC_STORAGE={known}, nay lại yêu cầu {wish}: để HCC_STORAGE là auto; hoặc chuyển số liệu bằng backup, rồi restore vào cơ sở dữ liệu mới với HCC_STORAGE={wish}.",
  "store.no_extension": "HCC_STORAGE={mode} cần phần mở rộng {extension}, cơ sở dữ liệu này chưa có: chạy trong đó CREATE EXTENSION {extension}.",
  "store.old_extension": "HCC_STORAGE={mode} cần {extension} {least} trở lên, cơ sở dữ liệu này có {version}: nâng cấp phần mở rộng đó.",
  "store.two_extensions": "Phần mở rộng citus và timescaledb không chạy chung trong một cơ sở dữ liệu: gỡ cái không dùng.",
  "store.no_licence":
    "HCC_STORAGE=timescale-tsl cần timescaledb.license = timescale, máy chủ đang có {licence}: đặt lại trong postgresql.conf rồi khởi động lại PostgreSQL.",
  "store.no_join": 'Hàm {name} không còn nối theo "{join}" để Citus nhận ra: cài lại đúng một phiên bản hcc-watch.',
  "store.no_partition": "Bảng {table} chưa có phần cho {days}: có việc khác giữ bảng suốt {seconds} giây (CREATE INDEX, ANALYZE?). Chương trình sẽ tự thử lại.",
  "store.changed_policy":
    "Bộ tiêu chí {policy} phiên bản {version} đã khác với bản mà cơ sở dữ liệu này đã ghi nhận: đặt cho tệp đã sửa số phiên bản mới và ngày hiệu lực.",
  "store.real_centres": "Cơ sở dữ liệu đang có {count} trung tâm thật nên không tạo tỉnh mô phỏng ở đây: đặt HCC_DATA (hoặc DATABASE_URL) sang một nơi trống.",

  // The database that comes along, in HCC_DATA.
  "store.no_folder": "Không tạo được thư mục dữ liệu {folder} ({error}): đặt HCC_DATA là thư mục mà người dùng này ghi được.",
  "store.starting": "PostgreSQL trong {data} chưa sẵn sàng ({why}); chương trình đợi, nhiều nhất {minutes} phút. Nhật ký: {log}.",
  "store.no_greeting": "PostgreSQL trong {data} đang chạy nhưng không trả lời ({why}); chương trình để nó chạy tiếp: lát nữa chạy lại. Toàn bộ nhật ký: {log}.",
  "store.stopped": "Đã dừng khi PostgreSQL trong {data} chưa sẵn sàng ({why}); nó tự chạy tiếp, lần chạy sau sẽ dùng lại.",
  "store.unwritable":
    "Không ghi được tệp {file} ({error}): chạy chương trình bằng người dùng sở hữu thư mục này, hoặc đặt HCC_DATA là thư mục mà người dùng này ghi được; xem đĩa còn chỗ trống không.",
  "store.locked":
    "Đã {seconds} giây, một chương trình khác đang khởi động cơ sở dữ liệu trong {folder}: dừng chương trình đó, hoặc đặt HCC_DATA là thư mục khác.",
  "store.no_binaries": "npm ci không cài PostgreSQL cho {platform} ({name}): đặt DATABASE_URL đến một máy chủ PostgreSQL.",
  "store.unread": "Không đọc được {file} ({error}): chạy bằng người dùng đã tạo tệp, hoặc đặt HCC_DATA là thư mục khác.",
  "store.unwritten": "Không ghi được {file} ({error}): đặt HCC_DATA là thư mục còn chỗ trống mà người dùng này ghi được.",
  "store.lost_password":
    '{file} không chứa mật khẩu của cơ sở dữ liệu trong {data}; chưa thay đổi gì. Chép lại tệp này từ bản sao, hoặc đặt mật khẩu mới cho cơ sở dữ liệu (docs/operations.md, "A lost password").',
  "store.not_prepared": "PostgreSQL không tạo được cơ sở dữ liệu ở {folder} ({error}): xem lại quyền ghi và chỗ trống trên ổ đĩa đó.",
  "store.other_major":
    '{data} chứa cơ sở dữ liệu của PostgreSQL {made}, còn hcc-watch này dùng PostgreSQL {brought} nên không đọc được; chưa thay đổi gì. Chạy `hcc-collector backup --out all.backup` bằng hcc-watch đã tạo ra nó, chuyển {data} ra chỗ khác, rồi chạy `hcc-collector restore all.backup` bằng bản này (docs/operations.md, "Another major version").',
  "store.not_started": "PostgreSQL trong {data} không khởi động được ({error}). Xem toàn bộ nhật ký: {log}.",
  "store.no_user":
    'PostgreSQL không chạy bằng root, và không người dùng nào khác vào được {bin} và {folder}: chạy bằng người dùng thường, hoặc chuyển thư mục đến nơi người dùng "postgres" hay "nobody" vào được, hoặc đặt DATABASE_URL.',

  // Backups and their trial.
  "store.backup.going": "Đã có {part}: đang có một bản sao lưu khác được ghi, hoặc có lần ghi dở. Nếu không có bản nào đang được ghi thì xoá tệp đó.",
  "store.backup.unwritten": "Không ghi được {file} ({error}): xem lại thư mục, và quyền ghi của người dùng chạy lệnh (hcc-collector chạy bằng hcc).",
  "store.backup.stopped": "Đã dừng sao lưu; {file} không được ghi.",
  "store.backup.no_room": "Không đủ chỗ cho {file} ({error}); không giữ lại gì. Ghi vào ổ đĩa khác, hoặc giải phóng chỗ.",
  "store.backup.exists": "{file} đã có; bản sao lưu không ghi đè tệp nào: chọn tên khác.",
  "store.backup.missing": "Không có tệp {file}: xem lại tên tệp và thư mục.",
  "store.backup.unread":
    "Không đọc được {file} ({error}): ghi tên tệp mà lệnh backup đã ghi, và xem lại quyền đọc của người dùng chạy lệnh (hcc-collector chạy bằng hcc).",
  "store.backup.cut": "{file} bị cụt, thiếu phần cuối; chưa thay đổi gì. Dùng bản khác.",
  "store.backup.damaged": "{file} bị hỏng; chưa thay đổi gì. Dùng bản khác.",
  "store.backup.rows_damaged": "{file} bị hỏng: các dòng của bảng {table} không phải những dòng đã ghi; chưa thay đổi gì. Dùng bản khác.",
  "store.backup.too_long": "{file} bị hỏng: còn nội dung sau bảng cuối cùng; chưa thay đổi gì. Dùng bản khác.",
  "store.backup.foreign": "{file} không phải bản sao lưu của hcc-watch: ghi tên tệp mà lệnh backup đã ghi.",
  "store.backup.newer_format": "{file} do phiên bản hcc-watch mới hơn ghi (dạng {format}, bản này đọc dạng {own}): cài phiên bản đó.",
  "store.backup.newer": "{file} do phiên bản hcc-watch mới hơn ghi (có {name}): cài phiên bản đó.",
  "store.backup.other_build": "{file} do một bản hcc-watch khác ghi, {name} của bản đó khác bản này: cài phiên bản đã ghi tệp.",
  "store.backup.no_copy": "Kiểu kết nối này không có COPY: sao lưu và khôi phục cần một máy chủ PostgreSQL.",
  "store.restore.newer_schema":
    "Bảng trong cơ sở dữ liệu mới hơn bản sao lưu: dùng cơ sở dữ liệu chưa có bảng nào; chương trình tạo bảng theo bản sao lưu rồi nâng cấp.",
  "store.restore.columns": "Bảng {table} ở đây có các cột khác ({own}) với bản sao lưu ({theirs}): khôi phục vào cơ sở dữ liệu chưa có bảng nào.",
  "store.restore.rows": "Khôi phục xong, bảng {table} có {stored} dòng, còn bản sao lưu có {wanted} dòng; đã bỏ, chưa thay đổi gì. Dùng bản khác.",
  "store.restore.filled":
    "Cơ sở dữ liệu không trống, đã có dữ liệu trong {tables}; chưa thay đổi gì. Khôi phục vào cơ sở dữ liệu mới (createdb TÊN, hoặc HCC_DATA khác).",
  "store.restore.busy": "Có chương trình khác đang dùng cơ sở dữ liệu này: dừng nó (máy chủ của tỉnh?) rồi khôi phục lại.",
  "store.drill.citus":
    "Bản chép được tạo trên cùng máy chủ, mà cơ sở dữ liệu mới ở đó không có nút nào của Citus: thử bản sao lưu của hcc-collector backup thay vào, khôi phục vào cơ sở dữ liệu ở cụm khác hoặc không có Citus.",
  "store.drill.no_program": "Máy này không có {program}: cài các chương trình khách của PostgreSQL (Debian: postgresql-client).",
  "store.drill.failed": "{program} không chạy được ({error}): xem lại quyền của người dùng ghi trong DATABASE_URL và chỗ trống trên ổ đĩa.",

  // The settings of the environment and the files that they name.
  "setting.place": "Biến môi trường",
  "setting.together": "Thiếu {missing}: {first} và {second} phải đặt cả hai, hoặc không đặt cả hai.",
  "setting.needs_owner": "HCC_DATABASE_API_URL cần có cả DATABASE_URL: chỉ chủ của các bảng nâng cấp được bảng. Đặt thêm DATABASE_URL.",
  "setting.not_json": "Không phải JSON: thường do thiếu hoặc thừa dấu phẩy, dấu ngoặc.",
  "setting.file.unread":
    "{setting}: không đọc được tệp {file} ({error}): xem lại tên tệp, thư mục, và quyền đọc của người dùng chạy máy chủ của tỉnh (dịch vụ và lệnh hcc-collector chạy bằng hcc).",
  "setting.file.not_json": "{setting}: {file} sai cú pháp JSON ({place}): thường do thiếu hoặc thừa dấu phẩy, dấu ngoặc.",
  "setting.https": "Phải bắt đầu bằng https://.",
  "setting.phone_provider": 'Chỉ "owner": "isp" mới có nhà mạng; bỏ mục này, hoặc sửa "owner".',
  "setting.notify.no_way": 'Người nhận {to} cần mục "{channel}": thêm mục đó vào tệp.',
  "setting.notify.no_webhook": 'Người nhận {to} cần một webhook cùng tên trong "webhooks": thêm, hoặc sửa tên.',
  "setting.notify.no_pattern": 'Mục "success" của webhook {name} không phải biểu thức chính quy: sửa hoặc xoá.',
  "setting.policy.none": 'HCC_POLICY: không có bộ tiêu chí "{policy}"; các mã trong schemas/policies: {known}.',
  "setting.policy.to_come":
    'HCC_POLICY: bộ tiêu chí "{policy}" chưa có phiên bản nào có hiệu lực vào ngày {day}; xem "effectiveFrom" trong {files} và ngày của máy này.',
  "setting.policy.no_calendar": '{file}: không có lịch làm việc "{calendar}" trong schemas/calendars: thêm lịch, hoặc sửa "calendar".',
  "setting.policy.unrecorded": 'HCC_POLICY: cơ sở dữ liệu chưa ghi nhận bộ tiêu chí "{policy}" cùng lịch làm việc của nó: xem lại HCC_POLICY.',
  "setting.policy.unreadable": "{name} do một chương trình cũ ghi và không đọc được nữa ({fault}).\nCủa thời gian đó chỉ còn các báo cáo đã chốt.",
  "setting.tls.no_certificate": "{setting}: {file} không phải chứng thư dạng PEM, dạng bắt đầu bằng -----BEGIN CERTIFICATE-----.",
  "setting.tls.no_key": "{setting}: {file} không phải khoá riêng dạng PEM, dạng bắt đầu bằng -----BEGIN PRIVATE KEY-----.",
  "setting.tls.locked_key":
    "{setting}: khoá riêng trong {file} có mật khẩu; ghi ra tệp không có mật khẩu (openssl pkey -in {file} -out TỆP) và chỉ cho người dùng này đọc.",
  "setting.tls.no_pair": "{setting}: khoá riêng trong {file} không phải của chứng thư trong {certificate}: đặt hai tệp được cấp cùng nhau.",
  "setting.tls.refused": "{settings}: không dùng được chứng thư và khoá này cho TLS ({error}): xin cấp chứng thư khác.",
} as const;
