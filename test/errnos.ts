/** What a system may say when it refuses a file, as Node names it in `code`. */
export const ERRNOS = `EACCES EPERM ENOENT EISDIR ENOTDIR ENOSPC EDQUOT EROFS EIO EMFILE ENFILE ELOOP
  ENAMETOOLONG EFBIG EPIPE EBUSY ETXTBSY ENOMEM`.split(/\s+/);
