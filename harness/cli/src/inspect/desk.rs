//! Where results arrive in order: numbered, counted, written, and kept for the stories as far as those need them.

use std::{
    io::{self, Write as _},
    ops::ControlFlow,
};

use collaudo_judge::Summary;
use collaudo_record::{Inspection, InspectionCounts, StoredStory};
use collaudo_reports::{Answered, visible};
use collaudo_sources::{Fate, File, Kind, Place, Why};

use super::{case::Case, examine::Examined, progress::Progress, tally::Tally};

/// How results are written.
pub(crate) trait View {
    /// What stands before all.
    fn begin(&mut self, out: &mut String);
    /// A message; numbers begin at 1.
    fn inspection(&mut self, number: u64, place: &Place, inspection: &Inspection, out: &mut String);
    /// A file without mail, or, without a fate, a message that was not examined.
    fn told(&mut self, place: &Place, fate: Option<Fate>, why: &Why, out: &mut String);
    /// A story, after all messages.
    fn story(&mut self, story: &StoredStory, out: &mut String);
    /// What a person answered, after all stories.
    fn answers(&mut self, answers: &[Answered], out: &mut String);
    /// What stands behind all.
    fn end(&mut self, counts: &InspectionCounts, interrupted: bool, out: &mut String);
}

/// What is written at a time.
const BLOCK_OCTETS: usize = 32 << 10;

/// The desk.
pub(crate) struct Desk<'a> {
    view: Box<dyn View + 'a>,
    case: Option<Case>,
    answers: Vec<Answered>,
    progress: &'a Progress,
    out: String,
    number: u64,
    octets: u64,
    summaries: Vec<Summary>,
    /// The file of a signature without a message that is to come next.
    signature: Option<Place>,
    pub(crate) tally: Tally,
    /// Why nothing more can be written.
    failed: Option<io::Error>,
}

impl<'a> Desk<'a> {
    pub(crate) fn open(
        mut view: Box<dyn View + 'a>,
        case: Option<Case>,
        answers: Vec<Answered>,
        progress: &'a Progress,
    ) -> Self {
        let mut out = String::new();
        view.begin(&mut out);
        Self {
            view,
            case,
            answers,
            progress,
            out,
            number: 0,
            octets: 0,
            summaries: Vec::new(),
            signature: None,
            tally: Tally::default(),
            failed: None,
        }
    }

    /// Takes the next result; breaks off where nobody reads what is written.
    pub(crate) fn take(&mut self, mut examined: Examined) -> ControlFlow<()> {
        if let Examined::File(file) = &mut examined
            && self.signature.take().is_some_and(|place| place == file.place)
        {
            (file.fate, file.why) = (Fate::NotMail, Some(Why::Other(Kind::Signature)));
        }
        self.tally.count(&examined);
        match examined {
            Examined::Signature { place } => self.signature = Some(place),
            Examined::Message { place, inspections } => self.message(&place, inspections),
            Examined::Unread { place, why } => self.told(&place, None, &why),
            Examined::File(file) => self.file(file),
        }
        if self.out.len() >= BLOCK_OCTETS || self.progress.is_read_live {
            self.flush();
        }
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn message(&mut self, place: &Place, inspections: Vec<Inspection>) {
        self.octets += inspections.first().map_or(0, |outermost| outermost.octets);
        self.progress.message(self.octets);
        for mut inspection in inspections {
            self.number += 1;
            let way = [place.way(), std::mem::take(&mut inspection.place)];
            inspection.place = way.into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>().join(", ");
            self.summaries.extend(Summary::of(self.number, &inspection));
            self.view.inspection(self.number, place, &inspection, &mut self.out);
            if let Some(case) = &mut self.case {
                case.message(self.number, place, inspection);
            }
        }
    }

    fn file(&mut self, File { place, fate, why, named }: File) {
        if let Some(case) = &mut self.case {
            case.file(&place, fate);
        }
        let Some(why) = why else { return };
        if named && fate == Fate::Unreadable {
            let (place, why) = (place.to_string(), why.to_string());
            self.progress.aside(|| eprintln!("error: {}: {}", visible(&place), visible(&why)));
        }
        self.told(&place, Some(fate), &why);
    }

    fn told(&mut self, place: &Place, fate: Option<Fate>, why: &Why) {
        self.view.told(place, fate, why, &mut self.out);
        if let Some(case) = &mut self.case {
            case.not_examined(place, why);
        }
    }

    /// Writes the stories, the answers and the counts.
    ///
    /// *Gives* the case, where there is one, and the tally, or why standard output cannot be written.
    pub(crate) fn close(mut self, interrupted: bool) -> (Option<Case>, io::Result<Tally>) {
        for story in collaudo_judge::stories(std::mem::take(&mut self.summaries)) {
            self.view.story(&story, &mut self.out);
            if let Some(case) = &mut self.case {
                case.story(story);
            }
            if self.out.len() >= BLOCK_OCTETS {
                self.flush();
            }
        }
        self.view.answers(&self.answers, &mut self.out);
        self.view.end(&self.tally.counts, interrupted, &mut self.out);
        self.flush();
        (self.case, self.failed.map_or(Ok(self.tally), Err))
    }

    fn flush(&mut self) {
        if self.failed.is_none() {
            let write = || {
                let mut out = io::stdout().lock();
                out.write_all(self.out.as_bytes()).and_then(|()| out.flush())
            };
            let written = if self.progress.is_read_live { self.progress.aside(write) } else { write() };
            self.failed = written.err();
        }
        self.out.clear();
    }
}
