import { Layer } from '../../packet/index.ts';
import { type Arg, type ArgsError, numberOf, textOf } from './args.ts';

const LAYERS: Readonly<Record<string, number>> = { l: Layer.LINK, n: Layer.NETWORK, t: Layer.TRANSPORT };

/** What tc's parsers of layers share: parse_layer(), which looks at the first letter only, or a number. */
export function speakLayer(kind: string, arg: Arg, error: (message: string, mark: Arg) => ArgsError): number {
  const named = LAYERS[textOf(arg).charAt(0)];
  if (named !== undefined) return named;
  const number = numberOf(arg);
  if (number === undefined) throw error(`${kind}: invalid layer`, arg);
  if (number > BigInt(Layer.TRANSPORT)) throw error(`${kind}: illegal layer, must be in 0..${Layer.TRANSPORT}`, arg);
  return Number(number);
}
