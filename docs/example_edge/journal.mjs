/**
 * What the edge keeps on disk: a file for each epoch, a line for each fact, and lines for what was receipted.
 *
 * A fact's line is on the disk (fsync) before `append` returns. Receipts are written without waiting: one that a power
 * cut takes away is told again by the gateway. A line torn by a power cut was never acknowledged, and is cut off.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';

const FILE = /^(\d{8})-([0-7][0-9a-f]{15})\.jsonl$/;
const KEPT = 7 * 24 * 3600 * 1000; // ms that a fact is kept after its receipt: a restored database asks for it

export class Journal {
  constructor(folder) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.folder = folder;
    this.number = 0;
  }

  /** Every epoch that is still held, oldest first: `{epoch, path, lines}` with each line parsed. */
  load() {
    const names = fs.readdirSync(this.folder).filter((name) => FILE.test(name)).sort();
    return names.map((name) => {
      const [, number, epoch] = FILE.exec(name);
      this.number = Number(number);
      const path = join(this.folder, name);
      return { epoch: BigInt(`0x${epoch}`), path, lines: readWhole(path) };
    });
  }

  /** Make the file of a new epoch and return its path. */
  open(epochAsText) {
    this.number += 1;
    const path = join(this.folder, `${String(this.number).padStart(8, '0')}-${epochAsText}.jsonl`);
    fs.closeSync(fs.openSync(path, 'wx', 0o600));
    syncFolder(this.folder);
    return path;
  }

  /** Keep one fact; it is durable when this returns. */
  append(path, stream, seq, envelope) {
    const file = fs.openSync(path, 'a');
    fs.writeSync(file, `${JSON.stringify({ stream, seq, envelope })}\n`);
    fs.fsyncSync(file);
    fs.closeSync(file);
  }

  /** Note how far a stream is receipted (lower after a rewind). */
  noteReceipt(path, stream, receipted) {
    fs.appendFileSync(path, `${JSON.stringify({ stream, receipted })}\n`);
  }

  /** Delete the file of an epoch whose last receipt is seven days old; true where it was. */
  release(path) {
    if (Date.now() - fs.statSync(path).mtimeMs < KEPT) return false;
    fs.unlinkSync(path);
    return true;
  }
}

/** Write a file whole, or not at all: it appears under its name when it is on the disk. */
export function writeWhole(path, text) {
  const file = fs.openSync(`${path}.new`, 'w', 0o600);
  fs.writeSync(file, text);
  fs.fsyncSync(file);
  fs.closeSync(file);
  fs.renameSync(`${path}.new`, path);
  syncFolder(dirname(path));
}

/** Names, too, must survive a power cut. */
function syncFolder(path) {
  const folder = fs.openSync(path, 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}

/** The lines of a file up to the first that is not whole; what follows is cut off. */
function readWhole(path) {
  const bytes = fs.readFileSync(path);
  const lines = [];
  let whole = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, whole)) {
    try {
      lines.push(JSON.parse(bytes.toString('utf8', whole, end)));
    } catch {
      break; // a torn line: the power went while it was written
    }
    whole = end + 1;
  }
  if (whole < bytes.length) fs.truncateSync(path, whole);
  return lines;
}
