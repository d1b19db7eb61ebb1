/** What the errors of the system mean, in plain words: open(2), read(2), write(2), fsync(2), rename(2), mkdir(2), fork(2). */
const TEXTS: Readonly<Record<string, string>> = {
  E2BIG: 'the command line is too long',
  EACCES: 'permission denied',
  EAGAIN: 'the system has no more processes or memory for this',
  EBADF: 'is not open',
  EBUSY: 'is in use, or something is mounted there',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'is there already',
  EFAULT: 'the system refused it',
  EFBIG: 'larger than a file may be here',
  EHOSTDOWN: 'the server of the file does not answer',
  EINTR: 'interrupted',
  EINVAL: 'the file system does not take this',
  EIO: 'the disk reports an error',
  EISDIR: 'is a directory',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  EMLINK: 'too many links',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many open files in the whole system',
  ENODEV: 'no such device',
  ENOENT: 'no such file or folder',
  ENOEXEC: 'cannot be run',
  ENOLCK: 'the system has no more locks',
  ENOMEM: 'no memory left',
  ENOSPC: 'no space left on the device',
  ENOSYS: 'this system cannot do that',
  ENOTCONN: 'the server of the file does not answer',
  ENOTDIR: 'a part of its path is not a directory',
  ENOTEMPTY: 'the directory is not empty',
  ENOTSUP: 'the file system cannot do that',
  ENXIO: 'no such device, or nobody is at its other end',
  EOPNOTSUPP: 'the file system cannot do that',
  EOVERFLOW: 'too large for this system',
  EPERM: 'permission denied',
  EPIPE: 'nobody reads it any more',
  EROFS: 'the file system is read-only',
  ESTALE: 'the server of the file has replaced it',
  ETIMEDOUT: 'the server of the file does not answer',
  ETXTBSY: 'is a program that runs',
  EXDEV: 'would move to another file system',
};

/** Where the words differ for a file that is read. */
const READING: Readonly<Record<string, string>> = {
  EIO: 'the disk could not be read',
  EISDIR: 'is a directory; name the files in it',
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of its path is not a directory',
};

export function systemText(error: Error): string {
  return TEXTS[codeOf(error)] ?? bare(error.message);
}

export function readingText(error: Error): string {
  return READING[codeOf(error)] ?? systemText(error);
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '');

/** Node's own sentence, `ENOTTY: inappropriate ioctl for device, read`, without the code and the call. */
const bare = (message: string): string => message.replace(/^E\w+: /, '').replace(/, \w+(?: '.*)?$/, '');
