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

/// How long a log may take to be read.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long a provider may take to write its last lines down.
const LAST_LINES: Duration = Duration::from_secs(1);

const LOOK: Duration = Duration::from_millis(20);

/// The log as one run sees it.
pub(crate) struct Followed {
    book: LogBook,
    provider: String,
    /// What the identifiers of the run's own messages hold.
    own: Vec<u8>,
    /// The place behind the last line that was told.
    next: usize,
    /// The reading that was wanted last, and at which state of things.
    wanted: Option<(Reading, State)>,
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
    pub(crate) fn is_up_to_date(&mut self, state: State) -> bool {
        let reading = match self.wanted {
            Some((reading, at)) if at == state => reading,
            _ => self.book.want(),
        };
        self.wanted = Some((reading, state));
        self.book.is_done(reading)
    }

    /// Waits a little, and reads it to its end; says why it cannot be read, if it cannot.
    pub(crate) async fn end(&mut self, net: &Net) -> Option<String> {
        pause(LAST_LINES).await;
        let fault = read(&self.book).await.err();
        self.tell(net);
        fault.map(|why| WorldError::Log(why).to_string())
    }
}

/// Waits until the log was read once more; an error in words.
async fn read(book: &LogBook) -> Result<(), String> {
    let (reading, watch) = (book.want(), Watch::start());
    while !book.is_done(reading) {
        if watch.elapsed() > PATIENCE {
            return Err(book.fault());
        }
        pause(LOOK).await;
    }
    Ok(())
}
