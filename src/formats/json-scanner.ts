import { randomBytes } from 'node:crypto';
import { decimalOf } from './exact-json.ts';

/** Deeper text takes the way that does not recurse. */
const maxDepth = 200;
/** Of more members, repeated keys are found by a set. */
const maxPairs = 16;
/** A number with more digits is not computed with. */
const maxDigits = 15;
const maxExponent = 1_000_000;

/** Random, so that no source can send two payloads on purpose that give the same. */
const [seedA, seedB] = [randomBytes(4).readInt32LE(), randomBytes(4).readInt32LE()];
const [ofObject, ofArray, ofString, ofNumber, ofLongNumber, ofLiteral, ofText] = [1, 2, 3, 4, 5, 6, 7];
const [quote, backslash, comma, colon, minus, plus, point, zero] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e, 0x30];
const literals = ['true', 'false', 'null'] as const;

/** Computes a hash of a JSON value from its text: two lanes of 32 bits, in which the order of members does not matter. */
export class JsonScanner {
  #text = '';
  #at = 0;
  /** The hash of what was read last. */
  #a = 0;
  #b = 0;

  /** 52 bits of the hash, never 0. */
  get mark(): number {
    return (this.#a >>> 12) * 2 ** 32 + (this.#b >>> 0) || 1;
  }

  /** @returns false if it is not JSON, or if something in it is unusual */
  scan(text: string): boolean {
    this.#text = text;
    this.#at = 0;
    if (!this.#value(0)) return false;
    this.#next();
    return this.#at === text.length;
  }

  /** The hash of a text that is not JSON. */
  scanText(text: string): void {
    this.#hash(text, 0, text.length, ofText);
  }

  /** The code of the next character but blanks; NaN at the end. */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.#at++;
    }
  }

  #value(depth: number): boolean {
    const code = this.#next();
    if (code === quote) return this.#string();
    if (code === 0x7b) return depth < maxDepth && this.#object(depth + 1);
    if (code === 0x5b) return depth < maxDepth && this.#array(depth + 1);
    if (code === minus || isDigit(code)) return this.#number();
    const found = literals.find((literal) => this.#text.startsWith(literal, this.#at));
    if (found === undefined) return false;
    this.#hash(found, 0, found.length, ofLiteral);
    this.#at += found.length;
    return true;
  }

  #object(depth: number): boolean {
    this.#at++;
    let [sumA, sumB] = [0, 0];
    const keys: number[] = [];
    if (this.#next() === 0x7d) this.#at++;
    else {
      for (;;) {
        if (this.#next() !== quote || !this.#string()) return false;
        const [keyA, keyB] = [this.#a, this.#b];
        keys.push(this.mark);
        if (this.#next() !== colon) return false;
        this.#at++;
        if (!this.#value(depth)) return false;
        // A sum does not depend on the order.
        sumA = (sumA + mixed(Math.imul(keyA, 0x2545f491) ^ this.#a)) | 0;
        sumB = (sumB + mixed(Math.imul(keyB, 0x6c8e9cf5) ^ this.#b)) | 0;
        const code = this.#next();
        this.#at++;
        if (code === 0x7d) break;
        if (code !== comma) return false;
      }
    }
    if (hasRepeated(keys)) return false;
    this.#set(sumA ^ keys.length, sumB, ofObject);
    return true;
  }

  #array(depth: number): boolean {
    this.#at++;
    let [a, b, count] = [seedA, seedB, 0];
    if (this.#next() === 0x5d) this.#at++;
    else {
      for (;;) {
        if (!this.#value(depth)) return false;
        a = mixed(Math.imul(a, 0x2545f491) ^ this.#a);
        b = mixed(Math.imul(b, 0x6c8e9cf5) ^ this.#b);
        count++;
        const code = this.#next();
        this.#at++;
        if (code === 0x5d) break;
        if (code !== comma) return false;
      }
    }
    this.#set(a ^ count, b, ofArray);
    return true;
  }

  #string(): boolean {
    const text = this.#text;
    const from = this.#at + 1;
    let [a, b] = [seedA, seedB];
    for (let to = from; to < text.length; to++) {
      const code = text.charCodeAt(to);
      if (code === quote) {
        this.#at = to + 1;
        this.#set(a ^ (to - from), b, ofString);
        return true;
      }
      if (code === backslash) return this.#escaped(to);
      if (code < 0x20) return false;
      // The same as in #hash, in one pass.
      a = Math.imul(((a << 5) | (a >>> 27)) ^ code, 0x01000193);
      b = Math.imul(((b << 7) | (b >>> 25)) ^ code, 0x5bd1e995);
    }
    return false;
  }

  /** A string whose first escape is at `escape`. */
  #escaped(escape: number): boolean {
    const text = this.#text;
    let to = escape;
    for (; to < text.length && text.charCodeAt(to) !== quote; to++) if (text.charCodeAt(to) === backslash) to++;
    let value: string;
    try {
      value = JSON.parse(text.slice(this.#at, to + 1)) as string;
    } catch {
      return false;
    }
    this.#hash(value, 0, value.length, ofString);
    this.#at = to + 1;
    return true;
  }

  /** Equal numbers have equal digits without zeros at their ends, and the same power of ten. */
  #number(): boolean {
    const text = this.#text;
    const from = this.#at;
    let at = text.charCodeAt(from) === minus ? from + 1 : from;
    const isNegative = at > from;
    let [digits, value, exponent] = [0, 0, 0];
    const first = at;
    let code = text.charCodeAt(at);
    for (; isDigit(code); code = text.charCodeAt(++at)) [digits, value] = [digits + 1, value * 10 + (code - zero)];
    if (digits === 0 || (digits > 1 && text.charCodeAt(first) === zero)) return false;
    if (code === point) {
      const whole = digits;
      for (code = text.charCodeAt(++at); isDigit(code); code = text.charCodeAt(++at))
        [digits, value] = [digits + 1, value * 10 + (code - zero)];
      exponent = whole - digits;
      if (exponent === 0) return false;
    }
    if (code === 0x65 || code === 0x45) {
      const sign = text.charCodeAt(++at);
      if (sign === minus || sign === plus) at++;
      const start = at;
      let power = 0;
      for (code = text.charCodeAt(at); isDigit(code); code = text.charCodeAt(++at)) power = power * 10 + (code - zero);
      if (at === start || power > maxExponent) return false;
      exponent += sign === minus ? -power : power;
    }
    this.#at = at;
    if (digits > maxDigits) this.#longNumber(text.slice(from, at));
    else this.#setNumber(isNegative, value, exponent);
    return true;
  }

  #longNumber(written: string): void {
    const [significant = '0', exponent = '0'] = decimalOf(written).split('e');
    const isNegative = significant.startsWith('-');
    const digits = isNegative ? significant.slice(1) : significant;
    if (digits.length <= maxDigits) return this.#setNumber(isNegative, Number(digits), Number(exponent));
    const whole = `${significant}e${exponent}`;
    this.#hash(whole, 0, whole.length, ofLongNumber);
  }

  #setNumber(isNegative: boolean, value: number, exponent: number): void {
    let [digits, power] = [value, exponent];
    if (digits === 0) return this.#set(0, 0, ofNumber);
    for (; digits % 10 === 0; digits /= 10) power++;
    const low = digits | 0;
    const high = (digits / 2 ** 32) | 0;
    const sign = isNegative ? 0x40000000 : 0;
    const a = mixed(mixed(low ^ seedA) ^ Math.imul(power, 0x2545f491)) ^ high;
    const b = mixed(mixed(low ^ seedB) ^ Math.imul(power, 0x6c8e9cf5)) ^ high;
    this.#set(a ^ sign, b ^ sign, ofNumber);
  }

  #hash(text: string, from: number, to: number, kind: number): void {
    let [a, b] = [seedA, seedB];
    for (let at = from; at < to; at++) {
      const code = text.charCodeAt(at);
      a = Math.imul(((a << 5) | (a >>> 27)) ^ code, 0x01000193);
      b = Math.imul(((b << 7) | (b >>> 25)) ^ code, 0x5bd1e995);
    }
    this.#set(a ^ (to - from), b, kind);
  }

  #set(a: number, b: number, kind: number): void {
    this.#a = mixed(a ^ Math.imul(kind, 0x61c88647));
    this.#b = mixed(b ^ Math.imul(kind, 0x7feb352d));
  }
}

function isDigit(code: number): boolean {
  return code >= zero && code <= 0x39;
}

/** Each bit of the result depends on all bits. */
function mixed(word: number): number {
  let bits = word ^ (word >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function hasRepeated(keys: readonly number[]): boolean {
  if (keys.length > maxPairs) return new Set(keys).size < keys.length;
  for (let one = 1; one < keys.length; one++) {
    for (let other = 0; other < one; other++) if (keys[one] === keys[other]) return true;
  }
  return false;
}
