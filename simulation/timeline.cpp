#include "simulation/timeline.hpp"

namespace simulation {

void append(Track& track, const Piece& piece) {
  if (!track.pieces.empty()) {
    Piece& last = track.pieces.back();
    if (last.end == piece.start && last.who == piece.who && last.mark == piece.mark) {
      last.end = piece.end;
      return;
    }
  }
  track.pieces.push_back(piece);
}

}  // namespace simulation
