//! The picture that authenticator apps read a seed from: a QR code as a PNG of one bit a pixel.

use coffer_model::Sensitive;
use qrcode::{Color, EcLevel, QrCode};

/// Draws a text; nothing for one that is longer than QR codes are.
pub(super) fn png(text: &str) -> Option<Sensitive<Vec<u8>>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let modules = code.width();
    let colors = code.to_colors();
    let is_dark = |row: usize, column: usize| {
        let place = row.checked_sub(QUIET_MODULES).zip(column.checked_sub(QUIET_MODULES));
        place.is_some_and(|(row, column)| {
            column < modules && colors.get(row * modules + column) == Some(&Color::Dark)
        })
    };
    let pixels = (modules + 2 * QUIET_MODULES) * MODULE_PIXELS;
    let mut rows = Vec::with_capacity(pixels * (pixels / 8 + 2));
    for y in 0..pixels {
        // The filter of the row: none.
        rows.push(0);
        for first in (0..pixels).step_by(8) {
            let mut byte = 0_u8;
            for x in first..first + 8 {
                let is_white = !is_dark(y / MODULE_PIXELS, x / MODULE_PIXELS);
                byte = byte << 1 | u8::from(is_white);
            }
            rows.push(byte);
        }
    }
    file(u32::try_from(pixels).ok()?, &rows).map(Sensitive::new)
}

/// A PNG file (ISO/IEC 15948): grey, one bit deep.
fn file(pixels: u32, rows: &[u8]) -> Option<Vec<u8>> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::with_capacity(13);
    header.extend_from_slice(&pixels.to_be_bytes());
    header.extend_from_slice(&pixels.to_be_bytes());
    header.extend_from_slice(&[1, 0, 0, 0, 0]);
    chunk(*b"IHDR", &header, &mut out)?;
    chunk(*b"IDAT", &zlib(rows)?, &mut out)?;
    chunk(*b"IEND", &[], &mut out)?;
    Some(out)
}

fn chunk(kind: [u8; 4], body: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(&u32::try_from(body.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&kind);
    out.extend_from_slice(body);
    out.extend_from_slice(&crc32(kind.iter().chain(body)).to_be_bytes());
    Some(())
}

/// zlib (RFC 1950) of blocks that are stored as they are: a few kilobytes are not worth more.
fn zlib(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).ok()?;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&adler32(bytes).to_be_bytes());
    Some(out)
}

fn adler32(bytes: &[u8]) -> u32 {
    let sums = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    sums.1 << 16 | sums.0
}

fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// A module is a square of so many pixels each way.
const MODULE_PIXELS: usize = 4;
/// The white border that readers need.
const QUIET_MODULES: usize = 4;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{adler32, crc32, png};

    #[test]
    fn checksums_are_those_of_their_standards() {
        assert_eq!(crc32(b"123456789".iter()), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn the_picture_is_a_square_with_a_white_border_and_a_dark_corner() {
        let png = png("otpauth://totp/a@b?secret=JBSWY3DPEHPK3PXP").unwrap();
        let png = png.expose();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        let pixels = u32::from_be_bytes(png[16..20].try_into().unwrap()) as usize;
        assert_eq!(png[16..20], png[20..24]);
        let length = u32::from_be_bytes(png[33..37].try_into().unwrap()) as usize;
        assert_eq!(&png[37..41], b"IDAT");
        let mut rows = Vec::new();
        let mut reader = flate2::read::ZlibDecoder::new(&png[41..41 + length]);
        reader.read_to_end(&mut rows).unwrap();
        let row_bytes = 1 + pixels.div_ceil(8);
        assert_eq!(rows.len(), row_bytes * pixels);
        let dark = |x: usize, y: usize| rows[y * row_bytes + 1 + x / 8] >> (7 - x % 8) & 1 == 0;
        assert!((0..pixels).all(|x| !dark(x, 0) && !dark(0, x)));
        // The finder pattern: seven dark modules, then a light one.
        assert!((16..44).all(|x| dark(x, 16)) && !dark(44, 16));
    }
}
