// What the drawings of a timeline share: round figures, one list of names for several timelines,
// and who had most of a stretch of time. Used by simulation/timeline*.cpp alone.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "drawn_text.hpp"
#include "simulation/timeline.hpp"

namespace simulation::drawing {

inline constexpr std::size_t marks = 5;  ///< how many values Mark has

using dialtone::characters;
using dialtone::clean;
using dialtone::cut;

/// A mark for programs ("running"), and for people, in their language.
std::string_view name_of(Mark mark);
std::string word_for(Mark mark);

/// "1 tick", "3 ticks", "3 µs"; in Chinese no plural.
std::string counted(Time count, const std::string& unit);

/// The smallest of 1, 2, 5, 10, 20, 50, … that is at least this.
Time round_step(Time least);

/// Where the axis of these timelines ends: at least 1.
Time common_end(std::span<const Timeline> timelines);

/// Who takes part in one or more timelines: those of the same name in two of them are the same one.
struct Cast {
  std::vector<std::string> names;       ///< clean
  std::vector<std::vector<int>> index;  ///< index[timeline][who]: an index of `names`

  /// -1 for nobody in particular and for a number that has no name.
  int find(std::size_t timeline, int who) const {
    const std::vector<int>& own = index[timeline];
    return who >= 0 && static_cast<std::size_t>(who) < own.size()
               ? own[static_cast<std::size_t>(who)]
               : -1;
  }
};
Cast cast_of(std::span<const Timeline> timelines);

/// Calls `visit` with each piece, cut to what lies from 0 to `end` and after the piece before it.
template <class Visit>
void each_piece(const Track& track, Time end, Visit visit) {
  Time done = 0;
  for (Piece piece : track.pieces) {
    piece.start = std::max(piece.start, done);
    piece.end = std::min(piece.end, end);
    if (piece.end <= piece.start) continue;
    done = piece.end;
    visit(piece);
  }
}

/// What a cell of a drawing shows: somebody (of a cast) doing something, or nothing.
struct Look {
  int who = -1;
  Mark mark = Mark::running;
  bool idle = true;

  friend bool operator==(const Look& a, const Look& b) {
    return a.idle == b.idle && (a.idle || (a.who == b.who && a.mark == b.mark));
  }
};

/// Adds up who had how much of a stretch. Constant time an addition, however many there are.
class Tally {
 public:
  void add(const Look& look, Time ticks);
  /// Who had most: the first of equals.
  Look most() const;
  Time total() const { return total_; }
  void clear();

 private:
  std::vector<std::pair<Look, Time>> shares_;  // in the order of their coming
  std::unordered_map<std::uint64_t, std::size_t> places_;
  Time total_ = 0;
};

}  // namespace simulation::drawing
