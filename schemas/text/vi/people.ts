/** Words of accounts, signing in, and what a person may not do. */
export const people = {
  "access.not_signed_in": "Cần đăng nhập để xem trang này. Khi chưa có tài khoản nào, các trang chỉ mở trên chính máy chủ giám sát (http://localhost).",
  "access.role_missing": "Tài khoản này không có quyền ở trang này.",
  "access.foreign_centre": "Không có trung tâm này.",
} as const;
