// Who did what from when to when, for people and for other programs: as lines of a terminal, as a
// picture (SVG), as a table (CSV), and as a trace that Perfetto and chrome://tracing open. Both
// simulators draw with it, and so do the real threads of lab 07.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "simulation/event_queue.hpp"

namespace simulation {

enum class Mark {
  running,
  ready,      ///< waits for a core
  blocked,    ///< with a device
  switching,  ///< a core between two processes
  setup,      ///< people at work: carrying tapes, plugging boards
};

/// What one track does from `start` until `end` (not included; end > start).
struct Piece {
  Time start = 0;
  Time end = 0;
  int who = -1;  ///< an index of Timeline::names; -1: nobody in particular
  Mark mark = Mark::running;
};

/// A core, a device, a person or a process. Pieces are in order and do not overlap.
struct Track {
  std::string name;
  std::vector<Piece> pieces;
};

struct Timeline {
  std::string title;
  std::string unit;                  ///< what a tick is: "tick", "minute", "µs"
  double microseconds_per_tick = 1;  ///< for the trace; at least 0.001
  std::vector<std::string> names;    ///< of those who run: processes, jobs, threads
  std::vector<Track> tracks;
  Time end = 0;  ///< the axis goes from 0 to here
};

/// Appends a piece, joined with the last one where it goes on with the same.
void append(Track& track, const Piece& piece);

/// How it is drawn on a terminal.
struct TextStyle {
  std::size_t columns = 80;
  bool unicode = true;
  bool colour = false;
};

/// A line for each track above one time axis, and a legend. Never wider than `columns` (40 at
/// least); names of any script are aligned and cut where they must be. A cell of the drawing stands
/// for a stretch of time and shows who had most of it: the first of equals, and nobody where most
/// of it was idle. Who runs is shown by a sign of one column that the legend explains, and by name
/// where there is room. Several timelines stand one below the other on one time axis, that of the
/// longest; who has the same name in two of them has the same sign. Linear in pieces and names.
std::string timeline_text(const Timeline& timeline, const TextStyle& style);
std::string timeline_text(const std::vector<Timeline>& timelines, const TextStyle& style);

/// The same as a picture, `width` pixels wide (from 320 to 10000). Colours follow the reader's
/// light or dark theme. A bar tells its name and times where one points at it. Pieces too narrow to
/// be seen are joined, and of more than 200 tracks the rest is only counted, so that a file stays
/// below 2 MB.
std::string timeline_svg(const std::vector<Timeline>& timelines, int width = 960);

/// track,who,mark,start,end: a row for each piece (RFC 4180: lines end in CR LF). Marks are named
/// as in Mark; who is empty for nobody in particular.
std::string timeline_csv(const Timeline& timeline);

/// Trace Event Format, JSON object form: an "X" slice for each piece, tracks as threads of one
/// process, with names. Slices of a track never overlap: a piece that begins before the one before
/// it has ended is cut. Source: "Trace Event Format", Google (the document that chrome://tracing
/// links to).
std::string timeline_trace(const Timeline& timeline);

}  // namespace simulation
