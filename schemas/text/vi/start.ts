/** What `npm start` says. */
export const start = {
  "start.open": "Mở trang {url} để xem kết quả. Nhấn Ctrl-C để dừng.",
  "start.numbers": "({observed}/{required} {unit})",
  "start.ended": "Chương trình {program} đã dừng (mã {code}); xem dòng lỗi ở trên.",
  "start.found": "Thấy {count} thiết bị trong mạng nội bộ.",
  "start.failed": "Không khởi động được: {error}",
} as const;
