// Repeats a WebM video without re-encoding: node benchmarks/repeat-video.mjs FROM TO TIMES

import { readFileSync, writeFileSync } from "node:fs";
import { ALL_FORMATS, BufferSource, BufferTarget, EncodedPacketSink, EncodedVideoPacketSource, Input, Output, WebMOutputFormat } from "mediabunny";

const [from, to, times] = process.argv.slice(2);
const input = new Input({ source: new BufferSource(readFileSync(from)), formats: ALL_FORMATS });
const track = await input.getPrimaryVideoTrack();
const decoderConfig = await track.getDecoderConfig();
const packets = [];
for await (const packet of new EncodedPacketSink(track).packets()) packets.push(packet);
const duration = await track.computeDuration();

const output = new Output({ format: new WebMOutputFormat(), target: new BufferTarget() });
const source = new EncodedVideoPacketSource(await track.getCodec());
output.addVideoTrack(source);
await output.start();
for (let repetition = 0; repetition < Number(times); repetition++) {
  for (const packet of packets) await source.add(packet.clone({ timestamp: packet.timestamp + repetition * duration }), { decoderConfig });
}
await output.finalize();
writeFileSync(to, Buffer.from(output.target.buffer));
