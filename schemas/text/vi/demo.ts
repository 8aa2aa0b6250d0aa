/** Words of `npm run demo`. */
export const demo = {
  "demo.begin": "Tạo tỉnh mô phỏng: {centres} trung tâm, {days} ngày. Mọi số liệu đều là mô phỏng.",
  "demo.progress": "{percent} % · ngày {day} · {observations} lần đo · {seconds} giây",
  "demo.ready": "Xong sau {seconds} giây: {observations} lần đo, {readings} số đo. Tỉnh mô phỏng tiếp tục chạy theo thời gian thật.",
  "demo.resumed": "Tiếp tục tỉnh mô phỏng đã có, từ {day}.",
  "demo.stopped": "Dừng theo yêu cầu; lần sau sẽ tiếp tục từ đây.",
} as const;
