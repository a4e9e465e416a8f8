//! Text in lines of the screen.

use super::{Piece, Row, width};

/// A row in rows of at most `cells`, broken at spaces, beside wide characters, and within a word only if that is longer
/// than a row. Spaces at a break go. At least one row.
pub(in crate::terminal) fn wrap(row: Row, cells: usize) -> Vec<Row> {
    let cells = cells.max(2);
    let mut rows = Vec::new();
    let mut line = Row::new();
    for word in words(row) {
        let is_space = word.iter().all(is_space);
        if width(&line) + width(&word) <= cells {
            line.extend(word);
        } else if is_space {
            rows.push(std::mem::take(&mut line));
        } else {
            if !line.is_empty() && width(&word) <= cells {
                rows.push(std::mem::take(&mut line));
            }
            for piece in word {
                if width(&line) + usize::from(piece.width) > cells {
                    rows.push(std::mem::take(&mut line));
                }
                line.push(piece);
            }
        }
    }
    if !line.is_empty() || rows.is_empty() {
        rows.push(line);
    }
    for row in &mut rows {
        while row.last().is_some_and(is_space) {
            row.pop();
        }
    }
    rows
}

/// Words, and the spaces between them. Wide characters are words of their own.
fn words(row: Row) -> Vec<Row> {
    let mut words: Vec<Row> = Vec::new();
    for piece in row {
        match words.last_mut() {
            Some(word) if word.last().is_some_and(|last| belongs(last, &piece)) => word.push(piece),
            Some(_) | None => words.push(vec![piece]),
        }
    }
    words
}

fn belongs(last: &Piece, next: &Piece) -> bool {
    is_space(last) == is_space(next) && last.width == 1 && next.width == 1
}

fn is_space(piece: &Piece) -> bool {
    piece.text == " "
}
