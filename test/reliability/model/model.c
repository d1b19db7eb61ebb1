/*
 * What the rows R11 and R12 are compared with, in C's own arithmetic: Bob Jenkins' hashword() as it stands in his
 * public-domain lookup3.c (May 2006), and flow_change() and flow_classify() of net/sched/cls_flow.c, Linux 6.1.
 *
 *   model hash SEED COUNT   for each length of 0 to 18 words one checksum of the hashes of COUNT inputs in all
 *   model flow              rows of numbers in, for each an errno and a class id out
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTHS 19
#define rot(x, k) (((x) << (k)) | ((x) >> (32 - (k))))

static uint32_t hashword(const uint32_t *k, size_t length, uint32_t initval)
{
	uint32_t a, b, c;

	a = b = c = 0xdeadbeef + (((uint32_t)length) << 2) + initval;
	while (length > 3) {
		a += k[0];
		b += k[1];
		c += k[2];
		a -= c; a ^= rot(c, 4); c += b;
		b -= a; b ^= rot(a, 6); a += c;
		c -= b; c ^= rot(b, 8); b += a;
		a -= c; a ^= rot(c, 16); c += b;
		b -= a; b ^= rot(a, 19); a += c;
		c -= b; c ^= rot(b, 4); b += a;
		length -= 3;
		k += 3;
	}
	switch (length) {
	case 3: c += k[2]; /* fall through */
	case 2: b += k[1]; /* fall through */
	case 1: a += k[0];
		c ^= b; c -= rot(b, 14);
		a ^= c; a -= rot(c, 11);
		b ^= a; b -= rot(a, 25);
		c ^= b; c -= rot(b, 16);
		a ^= c; a -= rot(c, 4);
		b ^= a; b -= rot(a, 14);
		c ^= b; c -= rot(b, 24);
	case 0: break;
	}
	return c;
}

/* Marsaglia, Xorshift RNGs (2003): the same inputs on both sides. */
static uint32_t state;
static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void hashes(uint32_t seed, uint64_t count)
{
	uint32_t sums[LENGTHS] = { 0 }, words[LENGTHS];
	uint64_t i;
	int length = 0, at;

	state = seed;
	for (i = 0; i < count; i++) {
		for (at = 0; at < length; at++)
			words[at] = next();
		sums[length] = sums[length] * 31 + hashword(words, length, next());
		if (++length == LENGTHS)
			length = 0;
	}
	for (at = 0; at < LENGTHS; at++)
		printf("%u\n", sums[at]);
}

/* Attributes in the order of include/uapi/linux/pkt_cls.h; bit n of `given`: the attribute is in the request. */
enum { KEYS, MODE, BASECLASS, RSHIFT, ADDEND, MASK, XOR, DIVISOR, PERTURB, ATTRIBUTES };
struct row {
	uint32_t given, attribute[ATTRIBUTES], qdisc, hashrnd, keys[18];
};

#define HAS(n) (row->given & (1u << (n)))
#define MAJ(h) ((h) & 0xffff0000u)
#define MIN(h) ((h) & 0xffffu)
#define KEY_MAX 17

static int change(const struct row *row, uint32_t *baseclass, uint32_t *nkeys, uint32_t *mode)
{
	if (HAS(RSHIFT) && row->attribute[RSHIFT] > 31)
		return 34;
	if (HAS(BASECLASS)) {
		*baseclass = row->attribute[BASECLASS];
		if (MIN(*baseclass) == 0)
			return 22;
	}
	if (HAS(KEYS)) {
		*nkeys = __builtin_popcount(row->attribute[KEYS]);
		if (*nkeys == 0)
			return 22;
		if (31 - __builtin_clz(row->attribute[KEYS]) > KEY_MAX)
			return 95;
	} else {
		return 22;
	}
	if (HAS(MODE))
		*mode = row->attribute[MODE];
	if (*mode != 1 && *nkeys > 1)
		return 22;
	if (HAS(PERTURB) && *mode != 1)
		return 22;
	if (MAJ(*baseclass) == 0)
		*baseclass = MAJ(row->qdisc) | MIN(*baseclass);
	if (MIN(*baseclass) == 0)
		*baseclass |= 1;
	return 0;
}

static uint32_t classify(const struct row *row, uint32_t baseclass, uint32_t nkeys, uint32_t mode)
{
	uint32_t classid;

	if (mode == 1) {
		classid = hashword(row->keys, nkeys, row->hashrnd);
	} else {
		classid = row->keys[0];
		classid = (classid & (HAS(MASK) ? row->attribute[MASK] : ~0u)) ^ (HAS(XOR) ? row->attribute[XOR] : 0);
		classid = (classid >> (HAS(RSHIFT) ? row->attribute[RSHIFT] : 0)) + (HAS(ADDEND) ? row->attribute[ADDEND] : 0);
	}
	if (HAS(DIVISOR) && row->attribute[DIVISOR])
		classid %= row->attribute[DIVISOR];
	return MAJ(baseclass) | MIN(baseclass + classid);
}

static void flows(void)
{
	struct row row;
	uint32_t out[2];

	while (fread(&row, sizeof row, 1, stdin) == 1) {
		uint32_t baseclass = 0, nkeys = 0, mode = 0;

		out[0] = change(&row, &baseclass, &nkeys, &mode);
		out[1] = out[0] ? 0 : classify(&row, baseclass, nkeys, mode);
		fwrite(out, sizeof out, 1, stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "hash") == 0)
		hashes(strtoul(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	else if (argc == 2 && strcmp(argv[1], "flow") == 0)
		flows();
	else
		return 2;
	return 0;
}
