import { run } from './run.mjs';

const DECOMPRESSORS = [
  { magic: Buffer.from('fd377a585a00', 'hex'), command: 'xz', args: ['-dc'] },
  { magic: Buffer.from('28b52ffd', 'hex'), command: 'zstd', args: ['-dcq'] },
  { magic: Buffer.from('1f8b', 'hex'), command: 'gzip', args: ['-dc'] },
];

/**
 * Takes the ELF kernel out of a bzImage, so that QEMU enters it directly (PVH):
 * decompressing itself under emulation costs the kernel 1 to 3 seconds a boot.
 * Returns the bzImage as it is where the compression is unknown.
 * Offsets: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
 * @param {Buffer} bzImage
 * @returns {Buffer}
 */
export function unpackKernel(bzImage) {
  if (bzImage.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new Error('boot/vmlinuz is no Linux kernel image.');
  const setupSectors = bzImage.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  // The build appends the unpacked size, 4 bytes that decompressors choke on.
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c) - 4);
  const decompressor = DECOMPRESSORS.find(({ magic }) => payload.subarray(0, magic.length).equals(magic));
  return decompressor ? run(decompressor.command, decompressor.args, { input: payload }) : bzImage;
}
