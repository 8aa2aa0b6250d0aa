/** Recordings of a camera: why its verdict is what it is, and what the recorder's disk will hold. */
export const recordings = {
  "recording.reason.RETENTION_SHORT": "giữ không đủ ngày",
  "recording.reason.HISTORY_LOST": "mất dữ liệu cũ không rõ lý do",
  "recording.reason.GAPS": "có khoảng trống vượt mức",
  "recording.reason.NOT_RECORDING": "đang không ghi",
  "recording.reason.REPLAY_FAILED_AT_30D": "không lấy lại được hình cũ nhất",
  "recording.reason.STORAGE_FAULT": "ổ cứng lỗi",
  "recording.reason.CAP_BELOW_POLICY": "đầu ghi đặt tự xoá sớm",
  "recording.reason.DELETED": "giờ đã ghi nay không còn",
  "recording.reason.AUTH_FAILED": "sai tài khoản hoặc mật khẩu",
  "recording.reason.CHANGED_DEVICE": "đã thay thiết bị",
  "recording.reason.CLOCK_UNKNOWN": "không rõ giờ của thiết bị",
  "recording.reason.CLOCK_WRONG": "giờ của thiết bị sai",
  "recording.reason.CLOUD_ONLY": "chỉ lưu trên đám mây",
  "recording.reason.CONTRADICTION": "thiết bị cho thông tin mâu thuẫn",
  "recording.reason.DEVICE_BUSY": "đầu ghi đang bận, đêm sau hỏi lại",
  "recording.reason.EVENT_MODE": "chỉ ghi khi có chuyển động",
  "recording.reason.INCOMPLETE": "danh sách bị đứt giữa chừng",
  "recording.reason.NO_API": "thiết bị không cho hỏi",
  "recording.reason.NO_PERMISSION": "tài khoản thiếu quyền xem lại",
  "recording.reason.NO_RECORDER": "không có đầu ghi",
  "recording.reason.OFFLINE": "thiết bị không trả lời",
  "recording.reason.OLDEST_ONLY": "chỉ biết ngày cũ nhất, không biết khoảng trống",
  "recording.reason.ZONE_UNKNOWN":
    "chưa rõ danh sách ghi hình dùng giờ Việt Nam hay giờ UTC: để ít nhất một kênh đang ghi và kiểm tra lại sau một giờ; nếu vẫn vậy, xem đầu ghi có đang ghi không",
  "recording.advice.EVENT_MODE": "Trên đầu ghi, đặt lịch ghi liên tục cả ngày cho kênh này thay cho ghi theo chuyển động, rồi chờ đủ số ngày.",
  "recording.advice.CHANGED_DEVICE":
    "Đã thay đầu ghi: báo CNTT tỉnh sửa số máy và ghi ngày lắp trong danh sách thiết bị. Không ai thay: tìm xem thiết bị nào đang ở địa chỉ này.",
  "recording.advice.DEVICE_BUSY": "Chưa cần làm gì: đêm sau chương trình hỏi lại. Nhiều đêm liền vẫn bận thì bớt số máy đang xem đầu ghi.",
  "recording.advice.INCOMPLETE": "Chưa cần làm gì: đêm sau chương trình hỏi lại. Nhiều đêm liền vẫn vậy thì gọi đơn vị lắp đặt kiểm tra đầu ghi.",
  "recording.advice.NO_API":
    "Khai thêm tài khoản trang web của đầu ghi (http) trong danh sách thiết bị và bật quyền xem lại; đầu ghi không hỗ trợ thì kiểm tra tại chỗ.",
  "recording.advice.NO_RECORDER":
    "Xem địa chỉ đã khai có đúng là đầu ghi không và đầu ghi có kênh nào không; khai thêm tài khoản trang web của đầu ghi (http).",
  "recording.advice.OLDEST_ONLY":
    "Khai thêm tài khoản trang web của đầu ghi (http) trong danh sách thiết bị: qua ONVIF đầu ghi này không cho biết các khoảng trống.",
  "recording.advice.ZONE_UNKNOWN": "Chờ một giờ, để ít nhất một kênh đang ghi; nếu vẫn vậy, xem đầu ghi có đang ghi không.",
  "projection.days": "khoảng {days} ngày",
  "projection.range": "khoảng {from} đến {to} ngày",
  "projection.ok": "Ổ cứng của đầu ghi đủ chứa {range}.",
  "projection.near": "Ổ cứng của đầu ghi chứa được {range}.",
  "projection.short": "Ổ cứng của đầu ghi chỉ chứa được {range}: cần thêm khoảng {missingTb} TB, hoặc đặt mỗi kênh không quá {fittingKbps} kbit/s.",
  "projection.unsure":
    "Ổ cứng của đầu ghi chứa được {range}, chưa chắc đủ: để yên tâm, thêm khoảng {missingTb} TB hoặc đặt mỗi kênh không quá {fittingKbps} kbit/s.",
} as const;
