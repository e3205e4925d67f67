//! How a run follows the log of a foreign provider: from where it stood at the begin, read to its end at the end.

use std::time::Duration;

use collaudo_record::What;

use super::{
    foreign::Foreign,
    logbook::{LogBook, Reading},
    strays::{Whose, whose},
    watch::{Watch, pause},
};
use crate::{WorldError, net::Net};

const LOOK: Duration = Duration::from_millis(20);

/// The log as one run sees it.
pub(crate) struct Followed {
    book: LogBook,
    provider: String,
    /// What the identifiers of the run's own messages hold.
    own: Vec<u8>,
    /// The place behind the last line that was told.
    next: usize,
    wanted: Option<Wanted>,
}

/// The reading that was wanted last, at which state of things, and when.
struct Wanted {
    reading: Reading,
    state: State,
    since: Watch,
}

/// How much has stirred, whether all is done, how often the clock has leapt.
pub(crate) type State = (u64, bool, u64);

impl Followed {
    /// Follows the log, if there is one, from where it stands now.
    ///
    /// # Errors
    /// [`WorldError::Log`], where it cannot be read.
    pub(crate) async fn begin(foreign: Option<&Foreign>, seed: u64) -> Result<Option<Self>, WorldError> {
        let Some((foreign, book)) = foreign.and_then(|foreign| Some((foreign, foreign.log.clone()?))) else {
            return Ok(None);
        };
        read(&book).await.map_err(WorldError::Log)?;
        let (provider, next) = (foreign.provider.clone(), book.len());
        Ok(Some(Self { book, provider, own: format!("{seed:x}").into_bytes(), next, wanted: None }))
    }

    /// Tells what is new. What names messages of other runs is theirs; whose the rest is shows at the end.
    pub(crate) fn tell(&mut self, net: &Net) {
        let lines = self.book.since(self.next);
        self.next += lines.len();
        for line in lines {
            match whose(line.text.as_bytes(), &self.own) {
                Whose::Others => continue,
                Whose::Own => net.stir(),
                Whose::Nobodys => {}
            }
            net.recorder.declared(What::Logged { provider: self.provider.clone(), entry: line.entry.clone() });
        }
    }

    /// Whether the log was read since things are as they are; has it read, where it was not.
    ///
    /// # Errors
    /// [`WorldError::Log`], where it cannot be read.
    pub(crate) fn is_up_to_date(&mut self, state: State) -> Result<bool, WorldError> {
        let wanted = self.wanted.take().filter(|wanted| wanted.state == state);
        let wanted = wanted.unwrap_or_else(|| Wanted { reading: self.book.want(), state, since: Watch::start() });
        let ended = self.book.ended(wanted.reading, wanted.since.elapsed()).transpose().map_err(WorldError::Log)?;
        self.wanted = Some(wanted);
        Ok(ended.is_some())
    }

    /// How long things must have been as they are before a reading shows all that was done.
    pub(crate) fn lag(&self) -> Duration {
        self.book.lag()
    }

    /// Waits for the last lines, and reads it to its end; says why it cannot be read, if it cannot.
    pub(crate) async fn end(&mut self, net: &Net) -> Option<String> {
        pause(self.book.lag()).await;
        let fault = read(&self.book).await.err();
        self.tell(net);
        fault.map(|why| WorldError::Log(why).to_string())
    }
}

/// Waits until the log was read once more; an error in words.
async fn read(book: &LogBook) -> Result<(), String> {
    let (reading, watch) = (book.want(), Watch::start());
    loop {
        if let Some(ended) = book.ended(reading, watch.elapsed()) {
            return ended;
        }
        pause(LOOK).await;
    }
}
