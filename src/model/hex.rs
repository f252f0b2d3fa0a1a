//! Bytes as text. Knows nothing of what they mean.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Two digits for each byte, in small letters.
pub fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0, 1, 15, 16, 171, 255]), "00010f10abff");
    }
}
