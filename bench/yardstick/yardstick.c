/* The yardstick: what a C programmer would write by hand for one job, to be measured against. Same answers as
 * `cls-flow classify` for the frames of bench/traffic.ts, and nothing else: Ethernet, two tags at most, IPv4, IPv6 without
 * extension headers, no tunnels; little-endian machines and captures.
 *
 *   yardstick hash|ct FILE HASHRND FOLD DIVISOR
 *
 * hash: jhash2 of src,dst,proto,proto-src,proto-dst, as net/sched/cls_flow.c has it in Linux 6.1.
 * ct:   every packet's connection is looked up, or entered, in a table of open addressing; the keys are the nfct ones.
 * FOLD is what addr_fold() makes of a null pointer. Prints packets, bytes, connections, then both counts of each class.
 * One thread; reads of 256 KiB, which stay in the second-level cache (mmap was measured slower: its page faults). */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INLINE static inline __attribute__((always_inline))
#define CHUNK (256u << 10)
#define LONGEST_RECORD (1u << 20)
#define SLOTS (1u << 20)
#define MOST_CLASSES 65536u

enum mode { HASH, CT };
enum { ICMP = 1, TCP = 6, UDP = 17 };

struct keys {
  uint32_t src, dst, proto, sport, dport;
};

struct count {
  uint64_t packets, bytes;
};

struct state {
  uint32_t hashrnd, fold, divisor;
  uint64_t packets, bytes, connections;
  struct count classes[MOST_CLASSES];
  struct keys *table;
};

INLINE uint32_t load32(const uint8_t *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

INLINE uint64_t load64(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

INLINE uint32_t be32(const uint8_t *at) { return __builtin_bswap32(load32(at)); }
INLINE uint32_t be16(const uint8_t *at) { return (uint32_t)at[0] << 8 | at[1]; }
INLINE uint32_t rol(uint32_t word, int count) { return word << count | word >> (32 - count); }

/* include/linux/jhash.h: jhash2() of five words. */
INLINE uint32_t jhash(uint32_t k0, uint32_t k1, uint32_t k2, uint32_t k3, uint32_t k4, uint32_t initval) {
  uint32_t a = 0xdeadbeef + (5 << 2) + initval, b = a, c = a;
  a += k0, b += k1, c += k2;
  a -= c, a ^= rol(c, 4), c += b;
  b -= a, b ^= rol(a, 6), a += c;
  c -= b, c ^= rol(b, 8), b += a;
  a -= c, a ^= rol(c, 16), c += b;
  b -= a, b ^= rol(a, 19), a += c;
  c -= b, c ^= rol(b, 4), b += a;
  a += k3, b += k4;
  c ^= b, c -= rol(b, 14);
  a ^= c, a -= rol(c, 11);
  b ^= a, b -= rol(a, 25);
  c ^= b, c -= rol(b, 16);
  a ^= c, a -= rol(c, 4);
  b ^= a, b -= rol(a, 14);
  c ^= b, c -= rol(b, 24);
  return c;
}

/* The keys in the order of their numbers: all nfct ones come after the protocol. */
INLINE uint32_t hash(const struct keys *k, uint32_t hashrnd, enum mode mode) {
  return mode == CT ? jhash(k->proto, k->src, k->dst, k->sport, k->dport, hashrnd)
                    : jhash(k->src, k->dst, k->proto, k->sport, k->dport, hashrnd);
}

/* net/ipv6: ipv6_addr_hash(), in the host's order. A connection's key takes the last word alone. */
INLINE uint32_t fold_ipv6(const uint8_t *address, enum mode mode) {
  if (mode == CT) return be32(address + 12);
  uint64_t both = load64(address) ^ load64(address + 8);
  return __builtin_bswap32((uint32_t)(both ^ both >> 32));
}

/* Ports, or for a connection an echo's id and type; where there are none the fallbacks stay. */
INLINE void transport(const uint8_t *at, const uint8_t *end, struct keys *k, enum mode mode) {
  if (at + 4 > end) return;
  if (k->proto == TCP || k->proto == UDP) {
    if (load32(at) == 0) return;
    k->sport = be16(at), k->dport = be16(at + 2);
  } else if (mode == CT && k->proto == ICMP && at + 8 <= end) {
    k->sport = be16(at + 4), k->dport = be16(at);
  }
}

INLINE void dissect(const uint8_t *frame, uint32_t length, struct keys *k, uint32_t fold, enum mode mode) {
  const uint8_t *end = frame + length, *at = frame + 14;
  memset(k, 0, sizeof *k);
  if (at > end) return;
  uint32_t type = be16(frame + 12);
  for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8) && at + 4 <= end; tags++, at += 4) type = be16(at + 2);
  k->src = k->sport = fold;
  k->dst = k->dport = fold ^ __builtin_bswap16((uint16_t)type);
  if (type == 0x0800 && at + 20 <= end) {
    uint32_t src = be32(at + 12), dst = be32(at + 16);
    if (src) k->src = src;
    if (dst) k->dst = dst;
    k->proto = at[9];
    if (!(be16(at + 6) & 0x3fff)) transport(at + (at[0] & 15) * 4, end, k, mode);
  } else if (type == 0x86dd && at + 40 <= end) {
    uint32_t src = fold_ipv6(at + 8, mode), dst = fold_ipv6(at + 24, mode);
    if (src) k->src = src;
    if (dst) k->dst = dst;
    k->proto = at[6];
    transport(at + 40, end, k, mode);
  }
}

/* No key is all zeroes, so that a zeroed slot is a free one. */
INLINE void connect(struct state *s, const struct keys *k, uint32_t hashed) {
  for (uint32_t i = hashed % SLOTS;; i = (i + 1) % SLOTS) {
    struct keys *slot = s->table + i;
    if (!memcmp(slot, k, sizeof *k)) return;
    if (slot->src | slot->dst) continue;
    if (++s->connections == SLOTS) exit(3);
    *slot = *k;
    return;
  }
}

INLINE void packet(struct state *s, const uint8_t *frame, uint32_t captured, uint32_t length, enum mode mode) {
  struct keys k;
  dissect(frame, captured, &k, s->fold, mode);
  uint32_t hashed = hash(&k, s->hashrnd, mode);
  if (mode == CT) connect(s, &k, hashed);
  struct count *count = s->classes + hashed % s->divisor;
  s->packets++, s->bytes += length;
  count->packets++, count->bytes += length;
}

/* Both return how many bytes were used: whole records only. */
INLINE size_t pcap(struct state *s, const uint8_t *at, size_t have, enum mode mode) {
  size_t used = 0;
  while (used + 16 <= have) {
    uint32_t captured = load32(at + used + 8);
    if (captured > have - used - 16) break;
    packet(s, at + used + 16, captured, load32(at + used + 12), mode);
    used += 16 + captured;
  }
  return used;
}

INLINE size_t pcapng(struct state *s, const uint8_t *at, size_t have, enum mode mode) {
  size_t used = 0;
  while (used + 12 <= have) {
    uint32_t type = load32(at + used), total = load32(at + used + 4);
    if (total < 12) exit(3);
    if (total > have - used) break;
    if (type == 6) packet(s, at + used + 28, load32(at + used + 20), load32(at + used + 24), mode);
    used += total;
  }
  return used;
}

INLINE void walk(struct state *s, int fd, bool is_pcapng, enum mode mode) {
  uint8_t *buffer = aligned_alloc(4096, CHUNK + LONGEST_RECORD);
  size_t have = 0;
  ssize_t got;
  if (!is_pcapng) lseek(fd, 24, SEEK_SET);
  while ((got = read(fd, buffer + have, CHUNK)) > 0) {
    have += got;
    size_t used = is_pcapng ? pcapng(s, buffer, have, mode) : pcap(s, buffer, have, mode);
    have -= used;
    if (have > LONGEST_RECORD) exit(3);
    memmove(buffer, buffer + used, have);
  }
}

static void print(const struct state *s) {
  printf("{\"packets\":%lu,\"bytes\":%lu,\"connections\":%lu,\"classes\":[", s->packets, s->bytes, s->connections);
  for (uint32_t i = 0; i < s->divisor; i++)
    printf("%s[%lu,%lu]", i ? "," : "", s->classes[i].packets, s->classes[i].bytes);
  puts("]}");
}

int main(int argc, char **argv) {
  static struct state s;
  if (argc != 6) return 2;
  s.hashrnd = strtoul(argv[3], NULL, 0), s.fold = strtoul(argv[4], NULL, 0), s.divisor = strtoul(argv[5], NULL, 0);
  int fd = open(argv[2], O_RDONLY);
  uint32_t magic;
  if (fd < 0 || s.divisor == 0 || s.divisor > MOST_CLASSES || pread(fd, &magic, 4, 0) != 4) return 1;
  s.table = calloc(SLOTS, sizeof *s.table);
  bool is_pcapng = magic == 0x0a0d0d0a;
  if (strcmp(argv[1], "ct")) walk(&s, fd, is_pcapng, HASH);
  else walk(&s, fd, is_pcapng, CT);
  print(&s);
  return 0;
}
