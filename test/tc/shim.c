/*
 * Preloaded into tc, it makes a server of it: each request is a command line, run by tc's own main() in a process of
 * its own, so that nothing stays from one line to the next. No request reaches a kernel: each is kept, and answered
 * with "done". test/tc/real-tc.ts is the other side.
 *
 * Request: length of what follows, count of words, each word and a 0, what standard input holds.
 * Answer: exit status (256 + a signal), then stdout, stderr and the netlink datagrams, each behind its length.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORDS = 1 << 16, SECONDS = 10 };

typedef int (*main_t)(int, char **, char **);
static main_t real_main;
static int out, err, in, sent;

/* Of the request that was sent last. */
static char answer[sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr)];
static size_t answered;

static void reply(int fd, const struct nlmsghdr *request, int type, int error)
{
	struct nlmsghdr *header = (void *)answer;
	struct nlmsgerr *body = NLMSG_DATA(header);
	struct sockaddr_nl self;
	socklen_t size = sizeof(self);

	getsockname(fd, (void *)&self, &size);
	memset(answer, 0, sizeof(answer));
	answered = type == NLMSG_DONE ? NLMSG_LENGTH(sizeof(int)) : sizeof(answer);
	header->nlmsg_len = answered;
	header->nlmsg_type = type;
	header->nlmsg_flags = type == NLMSG_DONE ? NLM_F_MULTI : 0;
	header->nlmsg_seq = request->nlmsg_seq;
	header->nlmsg_pid = self.nl_pid;
	if (type == NLMSG_DONE)
		return;
	body->error = -error;
	body->msg = *request;
}

static void request(int fd, const void *data, size_t size)
{
	const struct nlmsghdr *header = data;
	int is_link = header->nlmsg_type == RTM_GETLINK;
	uint32_t length = size;

	/* Which devices there are is no part of the command: if_nametoindex() gives them. */
	if (!is_link) {
		(void)!write(sent, &length, sizeof(length));
		(void)!write(sent, data, size);
	}
	if ((header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP && !(header->nlmsg_flags & NLM_F_ACK))
		reply(fd, header, NLMSG_DONE, 0);
	else
		reply(fd, header, NLMSG_ERROR, is_link ? ENODEV : 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	static char all[1 << 18];
	size_t size = 0;

	(void)flags;
	for (size_t i = 0; i < message->msg_iovlen; i++) {
		const struct iovec *part = &message->msg_iov[i];
		if (size + part->iov_len > sizeof(all))
			abort();
		memcpy(all + size, part->iov_base, part->iov_len);
		size += part->iov_len;
	}
	request(fd, all, size);
	return size;
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	(void)flags;
	request(fd, data, size);
	return size;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	size_t size = answered;

	(void)fd;
	if (size == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (message->msg_name) {
		memset(message->msg_name, 0, sizeof(struct sockaddr_nl));
		((struct sockaddr_nl *)message->msg_name)->nl_family = AF_NETLINK;
		message->msg_namelen = sizeof(struct sockaddr_nl);
	}
	message->msg_flags = 0;
	if (message->msg_iovlen > 0 && message->msg_iov[0].iov_len >= size)
		memcpy(message->msg_iov[0].iov_base, answer, size);
	if (!(flags & MSG_PEEK))
		answered = 0;
	return size;
}

unsigned int if_nametoindex(const char *name)
{
	return strcmp(name, "lo") == 0 ? 1 : strcmp(name, "d0") == 0 ? 7 : strcmp(name, "d1") == 0 ? 8 : 0;
}

time_t time(time_t *where)
{
	if (where)
		*where = 0;
	return 0;
}

/* tc exec starts programs. */
int execvpe(const char *file, char *const *words, char *const *environment)
{
	(void)file, (void)words, (void)environment;
	_exit(0);
}

static int whole(int fd, void *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, (char *)to + done, size - done);
		if (got <= 0)
			return 0;
		done += got;
	}
	return 1;
}

static void all(int fd, const void *from, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = write(fd, (const char *)from + done, size - done);
		if (put <= 0)
			_exit(1);
		done += put;
	}
}

static void empty(int fd)
{
	if (ftruncate(fd, 0) != 0)
		_exit(1);
	lseek(fd, 0, SEEK_SET);
}

static void give(int to, int fd)
{
	uint32_t size = lseek(fd, 0, SEEK_END);
	char *copy = malloc(size + 1);

	lseek(fd, 0, SEEK_SET);
	if (copy == NULL || !whole(fd, copy, size))
		_exit(1);
	all(to, &size, sizeof(size));
	all(to, copy, size);
	free(copy);
	empty(fd);
}

static void child(char *body, uint32_t size, char **environment)
{
	static char *words[MAX_WORDS + 1];
	uint32_t count = *(uint32_t *)body, at = sizeof(count);

	for (uint32_t i = 0; i < count && i < MAX_WORDS; i++) {
		words[i] = body + at;
		at += strlen(words[i]) + 1;
	}
	all(in, body + at, size - at);
	lseek(in, 0, SEEK_SET);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	alarm(SECONDS);
	exit(real_main(count, words, environment));
}

static int serve(int count, char **words, char **environment)
{
	int from = dup(0), to = dup(1);
	uint32_t size;

	(void)count, (void)words;
	in = memfd_create("in", 0);
	out = memfd_create("out", 0);
	err = memfd_create("err", 0);
	sent = memfd_create("sent", 0);
	while (whole(from, &size, sizeof(size))) {
		char *body = malloc(size + 1);
		int status;
		pid_t pid;

		if (body == NULL || !whole(from, body, size))
			return 1;
		pid = fork();
		if (pid == 0)
			child(body, size, environment);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		free(body);
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
		all(to, &status, sizeof(status));
		give(to, out);
		give(to, err);
		give(to, sent);
		empty(in);
	}
	return 0;
}

int __libc_start_main(main_t start, int count, char **words, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack)
{
	int (*real)(main_t, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

	real_main = start;
	real = dlsym(RTLD_NEXT, "__libc_start_main");
	return real(serve, count, words, init, fini, rtld_fini, stack);
}
