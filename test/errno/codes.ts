/** What a system may say when it refuses a file, as Node names it in `code`. */
export const ERRNOS = `EACCES EPERM ENOENT EISDIR ENOTDIR ENOSPC EDQUOT EROFS EIO EMFILE ENFILE ELOOP
  ENAMETOOLONG EFBIG EPIPE EBUSY ETXTBSY ENOMEM`.split(/\s+/);

/** And less usual ones: old disks, network file systems, what a call was interrupted by. */
export const ALL_ERRNOS = [
  ...ERRNOS,
  ...`EAGAIN EBADF EEXIST EFAULT EHOSTDOWN EINTR EINVAL EMLINK ENODEV ENOLCK ENOSYS ENOTCONN ENOTEMPTY ENOTSUP ENXIO
  EOVERFLOW ESTALE ETIMEDOUT EXDEV`.split(/\s+/),
];
