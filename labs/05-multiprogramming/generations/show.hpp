// What the program prints for a person. No wider than the terminal.
#pragma once

#include <string>
#include <vector>

#include "generations/memory_show.hpp"
#include "generations/plan.hpp"
#include "generations/terminals.hpp"
#include "generations/utilisation.hpp"

namespace generations {

/// Who waited how long (minutes), a row for each machine.
std::string people_table(const std::vector<Played>& all, std::size_t columns);

/// How busy the machines were.
std::string machine_table(const std::vector<Played>& all, std::size_t columns);

/// The time lines, both tables, and what there is to say about each machine.
void show(const std::vector<Played>& all);

void show_memory(const MemoryRules& rules, const std::vector<MemoryStep>& steps,
                 const std::vector<Fullness>& compared);

/// Without protection; before it, where `both` is set, the same with base and limit.
void show_trespass(bool both);

void show_utilisation(const std::vector<DegreeFigures>& figures, double wait);

void show_terminals(const Room& room, const std::vector<RoomFigures>& all);

}  // namespace generations
