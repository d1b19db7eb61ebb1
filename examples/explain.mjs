// How does one packet come to its class? Here the packet is given in words; a frame, or one of a capture, does as well.
import { explain } from 'cls-flow';

const { headers, filters, classid } = await explain('tcp 192.168.1.7:51514 > 1.1.1.100:443', {
  filters: ['map key dst and 0xff divisor 16'],
});
for (const { name, offset } of headers) console.log(`${name} at ${offset}`);
for (const { keys, arithmetic } of filters) {
  for (const { name, value, bytes } of keys) console.log(`${name} ${value}, from byte ${bytes[0]?.at} on`);
  for (const { step, value } of arithmetic) console.log(`${value}  ${step}`);
}
console.log(`class ${classid}`);

/* prints
ip at 14
tcp at 34
dst 0x01010164, from byte 30 on
0x00000064  and 0x000000ff
0x00000004  modulo divisor 16
0x00010005  base class 1:1 plus the low 16 bits, no carry
class 1:5
*/
