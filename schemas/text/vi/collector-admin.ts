/** What the commands of the collector say that set it up and look after it. */
export const collectorAdmin = {
  "collector.about": "Lưu trữ, đánh giá và cho xem những gì máy giám sát ở các trung tâm cấp xã đo được",
} as const;
