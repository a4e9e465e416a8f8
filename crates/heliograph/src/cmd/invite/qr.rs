//! QR codes (ISO/IEC 18004) on a terminal.

use crate::exit::{Exit, Failure, Outcome};
use fast_qr::{ECL, QRBuilder};
use std::fmt::Write as _;

/// Light modules around the code (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;

/// Black on white whatever the terminal's colours are, which scanners read from every terminal. The colours are what is
/// said here and not decoration.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";

/// `text` as a QR code: lines for a terminal, each of which is two rows of modules.
pub(super) fn draw(text: &str) -> Outcome<Vec<String>> {
    let failed = |error| Failure::new(Exit::Failure, format_args!("cannot make a QR code: {error:?}"));
    let code = QRBuilder::new(text).ecl(ECL::L).build().map_err(failed)?;
    let size = code.size;
    let is_dark = |row: usize, column: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < size);
        let module = inside(row).zip(inside(column)).map(|(row, column)| code[row][column]);
        module.is_some_and(|module| module.value())
    };
    let width = size + 2 * QUIET;
    let lines = (0..width).step_by(2).map(|row| {
        let mut line = String::from(BLACK_ON_WHITE);
        for column in 0..width {
            let _ = line.write_char(match (is_dark(row, column), is_dark(row + 1, column)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        line + RESET
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finders_in_a_quiet_zone_and_its_own_colours() {
        let lines = draw("https://chat.example.org:8443/i/abc").unwrap();
        let bare: Vec<&str> =
            lines.iter().map(|line| line.strip_prefix(BLACK_ON_WHITE).unwrap().strip_suffix(RESET).unwrap()).collect();
        // Version 3 (29 modules) with 4 light ones on each side.
        assert!(bare.iter().all(|line| line.chars().count() == 37) && bare.len() == 19);
        assert!([0, 1, 17, 18].iter().all(|row| bare[*row].trim().is_empty()), "quiet zone: {bare:#?}");
        let finder = [" █▀▀▀▀▀█ ", " █ ███ █ ", " █ ▀▀▀ █ ", " ▀▀▀▀▀▀▀ "];
        for (row, expected) in finder.iter().enumerate() {
            assert!(bare[row + 2].starts_with(&format!("   {expected}")), "upper left: {bare:#?}");
            assert!(bare[row + 2].ends_with(&format!("{expected}   ")), "upper right: {bare:#?}");
        }
    }
}
