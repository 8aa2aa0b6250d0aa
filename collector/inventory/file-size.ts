/** Largest file with a list, MB. */
export const FILE_MEGABYTES_MAX = 8;
export const FILE_BYTES_MAX = FILE_MEGABYTES_MAX * 1024 * 1024;
