//! Inputs made of kept ones: always the same, so that a failure comes again.

/// Makes inputs.
pub(crate) struct Changes<'k> {
    kept: &'k [Vec<u8>],
    words: Vec<Vec<u8>>,
    state: u64,
}

impl<'k> Changes<'k> {
    /// Of these inputs.
    pub(crate) fn of(kept: &'k [Vec<u8>]) -> Self {
        let is_within = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
        let mut words: Vec<Vec<u8>> = kept
            .iter()
            .flat_map(|input| input.split(|byte| !is_within(byte)))
            .filter(|word| (1..=32).contains(&word.len()))
            .map(<[u8]>::to_vec)
            .collect();
        words.sort();
        words.dedup();
        words.extend(ODD.iter().map(|word| word.to_vec()));
        Self { kept, words, state: 0x2545_f491_4f6c_dd1d }
    }

    /// The next one, of so many bytes at most.
    pub(crate) fn next(&mut self, bytes_max: usize) -> Vec<u8> {
        let mut input = self.one_of_kept();
        for _ in 0..=self.below(4) {
            self.change(&mut input);
        }
        input.truncate(bytes_max);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(16)).min(input.len());
        match self.below(7) {
            0 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
            1 => {
                let byte = u8::try_from(self.below(256)).unwrap();
                input.insert(at, byte);
            }
            2 if at < end => drop(input.drain(at..end)),
            3 if at < end => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            4 => {
                let word = self.word();
                input.splice(at..end.max(at), word);
            }
            5 => {
                let word = self.word();
                input.splice(at..at, word);
            }
            _ => {
                let other = self.one_of_kept();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }

    fn word(&mut self) -> Vec<u8> {
        let place = self.below(self.words.len());
        self.words[place].clone()
    }

    fn one_of_kept(&mut self) -> Vec<u8> {
        let place = self.below(self.kept.len());
        self.kept[place].clone()
    }

    /// Xorshift.
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// What parsers stumble over.
const ODD: &[&[u8]] = &[
    b"",
    b"0",
    b"-1",
    b"1e999",
    b"9223372036854775808",
    b"\xff\xfe",
    b"\0",
    "\u{0130}".as_bytes(),
    "\u{1f512}".as_bytes(),
    b"${",
    b"${aws:username}",
    b"%2F",
    b"%",
    b"\\u0000",
    b"\"",
    b"[[[[[[[[",
    b"{\"\":",
    b"***",
    b"::::",
    b"//",
    b"../",
];
