/** Words that stand everywhere: states, owners, units, outcome reasons. */
export const states = {
  "state.pass": "Đạt",
  "state.fail": "Không đạt",
  "state.pending": "Đang chờ",
  "state.unknown": "Chưa xác định",
  "state.error": "Lỗi đánh giá",
  "state.not_applicable": "Không áp dụng",
  "state.waived": "Được miễn trừ",
  "owner.commune": "UBND xã",
  "owner.dost": "Sở KH&CN",
  "owner.isp": "Nhà mạng",
  "owner.portal-vendor": "Đơn vị vận hành cổng",
  "owner.province-it": "CNTT tỉnh",
  "owner.province-office": "Văn phòng UBND tỉnh",
  "owner.vendor": "Nhà cung cấp thiết bị",
} as const;
