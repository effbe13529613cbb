// Compaction: what the books say afterwards, and whether the bytes survive the moves.
#include <algorithm>

#include "byte_map.hpp"

namespace lab05 {
namespace {

/// The moves that the student gave, each of three numbers.
std::vector<json> moves_in(Trial& trial, const json& answer) {
  const std::string what = tr("compact() gives a list of moves", "compact() 给出搬移的列表");
  if (!answer.is_array()) trial.fail(what, "[[from, to, size], ...]", answer.dump());
  for (const json& move : answer)
    if (!move.is_array() || move.size() != 3)
      trial.fail(what, "[[from, to, size], ...]", dialtone::printable(answer.dump(), 200));
  return answer.get<std::vector<json>>();
}

void compaction_leaves_one_hole(Trial& trial) {
  ByteMap memory = draw_with_holes(trial.random, Fit::first);
  std::vector<json> expected = memory.compact();
  memory.look_at_holes();
  const std::size_t left = memory.holes().empty() ? 0 : memory.holes().front().size;
  if (left > 0) memory.allocate(left);           // it is one hole indeed
  for (const Span& program : memory.programs())  // each is where the moves say
    if (trial.random.chance(0.3)) memory.release(program.address);
  const json got = memory.play(trial);
  const auto compacted = std::find_if(got.begin(), got.end(), [](const json& one) {
    return one.is_array() && (one.empty() || one.at(0).is_array());
  });
  std::vector<json> moves =
      compacted == got.end() ? std::vector<json>{} : moves_in(trial, *compacted);
  std::sort(moves.begin(), moves.end());
  trial.expect(tr("the moves, in any order", "各次搬移（不论次序）"), moves == expected,
               json(expected).dump(), dialtone::printable(json(moves).dump(), 300));
}

void moves_can_be_carried_out_in_their_order(Trial& trial) {
  ByteMap memory = draw_with_holes(trial.random, Fit::first);
  std::vector<int> bytes = memory.owners();  // the programs' bytes: each full of its number
  const std::size_t before = memory.size();
  memory.compact();
  const json got = memory.play(trial);
  for (const json& move : moves_in(trial, got.back())) {
    const auto from = move.at(0).get<std::size_t>();
    const auto to = move.at(1).get<std::size_t>();
    const auto size = move.at(2).get<std::size_t>();
    if (size > before || from > before - size || to > before - size)
      trial.fail(tr("a move stays in the memory", "搬移不出内存"), "0 .. " + std::to_string(before),
                 move.dump());
    std::vector<int> held(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                          bytes.begin() + static_cast<std::ptrdiff_t>(from + size));
    std::copy(held.begin(), held.end(), bytes.begin() + static_cast<std::ptrdiff_t>(to));
  }
  const auto programs_end = std::find(memory.owners().begin(), memory.owners().end(), 0);
  const auto length = programs_end - memory.owners().begin();
  const std::vector<int> expected(memory.owners().begin(), programs_end);
  const std::vector<int> found(bytes.begin(), bytes.begin() + length);
  trial.expect(tr("whose byte each is, when the moves are done", "搬完之后每个字节属于谁"),
               found == expected, json(expected).dump(), json(found).dump());
}

void next_fit_goes_on_in_the_hole_after_compaction(Trial& trial) {
  // A program that ends below leaves a hole that only the others would take.
  std::vector<std::size_t> sizes(trial.random.between(4, 10));
  for (auto& size : sizes) size = trial.random.between(2, 9);
  std::vector<bool> ends(sizes.size(), false);
  ends[trial.random.between(2, sizes.size() - 1)] = true;
  ByteMap memory = with_holes(Fit::next, sizes, ends);
  memory.compact();
  memory.release(0);
  memory.allocate(trial.random.between(1, 2));
  memory.play(trial);
}

}  // namespace

std::vector<Case> compaction_cases() {
  return {{"compaction_leaves_one_hole", 150, compaction_leaves_one_hole},
          {"moves_can_be_carried_out_in_their_order", 150, moves_can_be_carried_out_in_their_order},
          {"next_fit_goes_on_in_the_hole_after_compaction", 100,
           next_fit_goes_on_in_the_hole_after_compaction}};
}

}  // namespace lab05
