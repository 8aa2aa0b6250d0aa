/** What the commands of the collector say by which people work with what it knows. */
export const collectorWork = {
  "collector.page.option": "trang thứ mấy, mỗi trang {rows} dòng; không ghi là trang đầu",
} as const;
