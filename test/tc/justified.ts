import { NLM_F, RTM } from '../../src/netlink/index.ts';
import type { Pair } from './compare.ts';

/** A kind of difference between us and tc 6.1.0 that stays, and why. */
export interface Justified {
  readonly name: string;
  readonly reason: string;
  readonly is: (pair: Pair) => boolean;
}

const says = ({ line }: Pair, ...words: readonly string[]): boolean => words.some((word) => line.words.includes(word));
/** Both refuse. */
const areRefused = ({ ours, theirs }: Pair): boolean => ours.exit !== 0 && theirs.exit !== 0;
const isWithin = (word: string, keyword: string): boolean => word !== '' && keyword.startsWith(word);

const isFilterList = (type: number, flags: number): boolean =>
  (type === RTM.GETTFILTER || type === RTM.GETCHAIN) && (flags & NLM_F.DUMP) === NLM_F.DUMP;

/** The status of shim.c for a process that a signal ended, less the signal. */
const SIGNALLED = 256;

const TUNNEL_OPTIONS = ['geneve_opts', 'vxlan_opts', 'erspan_opts'];

export const JUSTIFIED: readonly Justified[] = [
  {
    name: 'not modelled',
    reason: 'words that are not modelled are taken as typed; none of them is judged, and their bytes are not known',
    is: ({ ours }) => ours.isTyped,
  },
  {
    name: 'refused for a word that is not modelled',
    reason: 'both refuse; tc stops at options of a tunnel that are not judged here, and ends with another status',
    is: (pair) => areRefused(pair) && says(pair, ...TUNNEL_OPTIONS),
  },
  {
    name: 'retired kind',
    reason: 'rsvp, rsvp6 and tcindex are in no kernel of 6.1, so their words are not judged; tc judges them',
    is: (pair) => says(pair, 'rsvp', 'rsvp6', 'tcindex'),
  },
  {
    name: 'an answer is printed',
    reason: '`get` waits for what it asked for; here both are answered with "done", which tc fails to print',
    is: ({ ours }) => ours.sent.some(({ type, flags }) => type === RTM.GETACTION && (flags & NLM_F.DUMP) === 0),
  },
  {
    name: 'one request too long',
    reason: 'tc leaves out what does not fit its buffer; here a request is as long as it has to be (quirk 65)',
    is: ({ theirs }) => theirs.stderr.includes('message exceeded bound'),
  },
  {
    name: 'chain of an earlier line',
    reason: 'a list of a batch without a chain, behind one with it, sends whatever stood in memory (quirk 50)',
    is: ({ line, ours }) => line.input !== '' && ours.sent.some(({ type, flags }) => isFilterList(type, flags)),
  },
  {
    name: 'behind a syntax error',
    reason: 'an expression of a batch is misread behind one with a syntax error, as the lexer of tc stays where it was',
    is: ({ line, theirs }) => line.input !== '' && theirs.stderr.includes('Parse error: syntax error'),
  },
  {
    name: 'tc dies',
    reason: 'tc is ended by a signal (hfsc and sfq divide by 0); here the line is refused',
    is: ({ ours, theirs }) => ours.exit !== 0 && theirs.exit >= SIGNALLED,
  },
  {
    name: 'object of tc',
    reason: 'tc exec starts other programs and tc monitor listens: both are taken without effect here',
    is: ({ line }) => line.words.some((word) => isWithin(word, 'exec') || isWithin(word, 'monitor')),
  },
];
