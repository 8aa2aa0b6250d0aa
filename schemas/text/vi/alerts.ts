/** Messages about problems. */
export const alerts = {
  "alert.subject.opened": "[{requirement}] {centre}: {title} - không đạt",
  "alert.subject.recovered": "[{requirement}] {centre}: {title} - đã khắc phục",
  "alert.subject.digest": "[{requirement}] {count} trung tâm cùng lúc: {title} - không đạt",
  "alert.subject.test": "Thư thử của hệ thống giám sát",
  "alert.head.opened": "{centre}: {title} ({requirement}) không đạt.",
  "alert.head.recovered": "{centre}: {title} ({requirement}) đã đạt trở lại.",
  "alert.head.digest": "{count} trung tâm cùng lúc không đạt: {title} ({requirement}). Nhiều khả năng do một nguyên nhân chung.",
  "alert.head.test": "Đây là thư thử: kênh gửi hoạt động.",
  "alert.label.why": "Lý do",
  "alert.label.since": "Từ",
  "alert.label.until": "Đến",
  "alert.label.next": "Việc cần làm",
  "alert.label.who": "Người xử lý",
  "alert.label.incident": "Sự cố số",
  "alert.label.link": "Xem",
} as const;
