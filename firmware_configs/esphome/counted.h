/* The device's side of Vaka's counted line: say, and say again until the edge has accepted.
 *
 * Frames are ESP3 radio telegrams of the kind MSC (0xD1), manufacturer number 0x7FF; the edge reads them with the
 * driver `counted`, whose description is normative. Plain C, so that it compiles under ESPHome and on a desk alike.
 * One line a program. Not thread-safe: call everything from the main loop.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define COUNTED_WAITING 32 /* facts that may wait for acceptance: a door's openings during an hour without an edge */
#define COUNTED_OBJECTS 4  /* bytes of objects in one fact: one object of up to three bytes */
#define COUNTED_SAID (6 + 7 + COUNTED_OBJECTS + 5 + 1)
#define COUNTED_ACCEPTED 26
#define COUNTED_LEAP 64 /* counters passed over at a start: more than can have been used without being stored */

static struct {
  uint8_t objects[COUNTED_WAITING][COUNTED_OBJECTS];
  uint8_t sizes[COUNTED_WAITING];
  uint8_t first, waiting;
  uint8_t heard[COUNTED_ACCEPTED]; /* the last bytes from the edge */
  uint32_t lost;                   /* facts given up because too many waited */
} counted_line;

static inline uint8_t counted_crc8(const uint8_t *data, size_t size) {
  uint8_t crc = 0;
  for (size_t i = 0; i < size; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++) crc = (uint8_t) (crc & 0x80 ? crc << 1 ^ 0x07 : crc << 1);
  }
  return crc;
}

static inline void counted_u32(uint8_t *out, uint32_t value) {
  for (int i = 0; i < 4; i++) out[i] = (uint8_t) (value >> (24 - 8 * i));
}

static inline size_t counted_frame(uint8_t *out, size_t data, size_t optional) {
  out[0] = 0x55;
  out[1] = 0;
  out[2] = (uint8_t) data;
  out[3] = (uint8_t) optional;
  out[4] = 1;
  out[5] = counted_crc8(out + 1, 4);
  out[6 + data + optional] = counted_crc8(out + 6, data + optional);
  return 7 + data + optional;
}

/* The frame that says the oldest waiting fact under `counter`; 0 bytes when nothing waits. */
static inline size_t counted_said(uint8_t out[COUNTED_SAID], uint32_t device, uint32_t counter) {
  if (counted_line.waiting == 0) return 0;
  uint8_t size = counted_line.sizes[counted_line.first];
  memcpy(out + 6, "\xD1\x7F\xF1", 3);
  counted_u32(out + 9, counter);
  memcpy(out + 13, counted_line.objects[counted_line.first], size);
  counted_u32(out + 13 + size, device);
  out[17 + size] = 0;
  return counted_frame(out, 12 + size, 0);
}

/* The frame by which the edge accepts `counter`. */
static inline size_t counted_accepted(uint8_t out[COUNTED_ACCEPTED], uint32_t device, uint32_t counter) {
  memset(out, 0, COUNTED_ACCEPTED);
  memcpy(out + 6, "\xD1\x7F\xF2", 3);
  counted_u32(out + 9, counter);
  out[18] = 3;
  counted_u32(out + 19, device);
  out[23] = 0xFF;
  return counted_frame(out, 12, 7);
}

/* A new fact. When too many wait, the one behind the oldest gives way (the oldest may be accepted already under its
 * counter, which must not come to mean another fact); `lost` counts that. */
static inline void counted_say(const uint8_t *objects, uint8_t size) {
  if (size > COUNTED_OBJECTS) return;
  if (counted_line.waiting == COUNTED_WAITING) {
    uint8_t next = (uint8_t) ((counted_line.first + 1) % COUNTED_WAITING);
    memcpy(counted_line.objects[next], counted_line.objects[counted_line.first], COUNTED_OBJECTS);
    counted_line.sizes[next] = counted_line.sizes[counted_line.first];
    counted_line.first = next;
    counted_line.waiting--;
    counted_line.lost++;
  }
  uint8_t at = (uint8_t) ((counted_line.first + counted_line.waiting++) % COUNTED_WAITING);
  memcpy(counted_line.objects[at], objects, size);
  counted_line.sizes[at] = size;
}

/* One byte from the edge; true when it completes the acceptance of `counter`: then the next fact takes the next one. */
static inline bool counted_hear(uint8_t byte, uint32_t device, uint32_t counter) {
  uint8_t expected[COUNTED_ACCEPTED];
  memmove(counted_line.heard, counted_line.heard + 1, COUNTED_ACCEPTED - 1);
  counted_line.heard[COUNTED_ACCEPTED - 1] = byte;
  size_t size = counted_accepted(expected, device, counter);
  if (counted_line.waiting == 0 || memcmp(counted_line.heard + COUNTED_ACCEPTED - size, expected, size) != 0) return false;
  counted_line.first = (uint8_t) ((counted_line.first + 1) % COUNTED_WAITING);
  counted_line.waiting--;
  return true;
}
