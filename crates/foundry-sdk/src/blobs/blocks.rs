//! Content as blocks, read one by one, so that memory does not grow with it.

use bytes::{Bytes, BytesMut};

use crate::error::{Error, ErrorKind, Result};
use crate::multipart::{FileContent, Reading};

/// The size of a block, unless the content would be too many of them.
pub(super) const BLOCK: usize = 8 << 20;
/// How many blocks the service takes for one blob.
const MAX_BLOCKS: u64 = 50_000;
/// The largest block that it takes.
const LARGEST: u64 = 4000 << 20;
/// What larger blocks are a multiple of.
const STEP: u64 = 1 << 20;

/// The size of the blocks of content of this length: it is known, or has to do with the usual one.
fn block_size(length: Option<u64>) -> Result<usize> {
    let needed = length.unwrap_or_default().div_ceil(MAX_BLOCKS).max(BLOCK as u64);
    let size = needed.div_ceil(STEP).saturating_mul(STEP);
    match usize::try_from(size) {
        Ok(size) if size as u64 <= LARGEST => Ok(size),
        _ => {
            let most = LARGEST * MAX_BLOCKS;
            let message = format!("the content is larger than the {most} bytes that a blob holds");
            Err(Error::new(ErrorKind::InvalidInput, message))
        }
    }
}

/// Content that is read in blocks: all of one size but the last.
pub(super) struct Blocks {
    reading: Reading,
    size: usize,
    /// What was read and is not of the block before.
    rest: Bytes,
    count: u64,
}

impl Blocks {
    /// Opens the content.
    pub(super) async fn open(file: &FileContent) -> Result<Self> {
        let reading = Reading::open(file).await?;
        let size = block_size(reading.length())?;
        Ok(Self { reading, size, rest: Bytes::new(), count: 0 })
    }

    /// The next block; nothing at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut block = BytesMut::new();
        while block.len() < self.size {
            if self.rest.is_empty() {
                match self.reading.next().await? {
                    Some(piece) => self.rest = piece,
                    None => break,
                }
            }
            let taken = self.rest.len().min(self.size - block.len());
            block.extend_from_slice(&self.rest.split_to(taken));
        }
        if block.is_empty() {
            return Ok(None);
        }
        self.count += 1;
        if self.count > MAX_BLOCKS {
            let message = format!("the content is more than {MAX_BLOCKS} blocks; say how long it is when it is given");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(Some(block.freeze()))
    }
}

/// The name of a block: in base64, and as long as all others.
pub(super) fn block_id(index: usize) -> String {
    // Eight digits are base64 as they stand.
    format!("{index:08}")
}

/// The list that makes the blocks a blob.
pub(super) fn block_list(count: usize) -> Bytes {
    let mut list = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for index in 0..count {
        list.push_str("<Latest>");
        list.push_str(&block_id(index));
        list.push_str("</Latest>");
    }
    list.push_str("</BlockList>");
    list.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_are_as_large_as_they_have_to_be() {
        const GIB: u64 = 1 << 30;
        for (length, mib) in [
            (None, Some(8)),
            (Some(0), Some(8)),
            (Some(390 * GIB), Some(8)),
            (Some(391 * GIB), Some(9)),
            (Some(LARGEST * MAX_BLOCKS), Some(4000)),
            (Some(LARGEST * MAX_BLOCKS + 1), None),
            (Some(u64::MAX), None),
        ] {
            assert_eq!(block_size(length).ok(), mib.map(|mib: usize| mib << 20), "{length:?}");
        }
    }

    proptest! {
        /// However long the content is, its blocks are few enough and not too large.
        #[test]
        fn content_of_every_length_has_blocks(length in 0..=LARGEST * MAX_BLOCKS) {
            let size = block_size(Some(length)).unwrap() as u64;
            prop_assert!(size <= LARGEST && size.is_multiple_of(STEP));
            prop_assert!(length.div_ceil(size) <= MAX_BLOCKS);
        }

        /// However a stream is cut, its blocks are the same: its bytes in order, all of one size but the
        /// last, none empty.
        #[test]
        fn blocks_are_the_content(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20),
            size in 1_usize..60,
        ) {
            let whole = pieces.concat();
            let stream = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
            let file = FileContent::from_stream("a", None, stream);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let blocks = runtime.block_on(async {
                let mut blocks = Blocks { size, ..Blocks::open(&file).await.unwrap() };
                let mut all = Vec::new();
                while let Some(block) = blocks.next().await.unwrap() {
                    all.push(block);
                }
                all
            });
            prop_assert_eq!(blocks.len(), whole.len().div_ceil(size));
            prop_assert!(blocks.iter().rev().skip(1).all(|block| block.len() == size));
            prop_assert!(blocks.iter().all(|block| !block.is_empty()));
            prop_assert_eq!(blocks.concat(), whole);
        }
    }

    #[test]
    fn ids_are_of_one_length_and_in_order() {
        assert_eq!([block_id(0), block_id(49_999)], ["00000000", "00049999"]);
        let list = block_list(2);
        assert!(list.ends_with(b"<BlockList><Latest>00000000</Latest><Latest>00000001</Latest></BlockList>"));
    }
}
