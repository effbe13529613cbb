#include "tree.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "drawn_text.hpp"
#include "language.hpp"
#include "staging.hpp"

namespace process_tour {
namespace {

using dialtone::Colour;
using dialtone::tr;

/// A column of figures to the left of the tree.
struct Column {
  std::size_t from_columns;  ///< the narrowest terminal that has it
  std::size_t width;
  std::string head;
  std::string (*text)(const Row& row);
};

std::vector<Column> columns_for(std::size_t columns) {
  std::vector<Column> all = {
      {0, 7, tr("PID", "进程号"), [](const Row& row) { return std::to_string(row.pid); }},
      {0, 1, tr("S", "态"), [](const Row& row) { return safe(std::string_view(&row.state, 1)); }},
      {72, 4, tr("THR", "线程"), [](const Row& row) { return std::to_string(row.threads); }},
      {36, 8, tr("MEMORY", "内存"), [](const Row& row) { return size_text(row.resident_bytes); }},
      {60, 8, tr("WAITED", "自愿"), [](const Row& row) { return count_text(row.voluntary); }},
      {60, 8, tr("EXPIRED", "被迫"), [](const Row& row) { return count_text(row.involuntary); }},
  };
  std::vector<Column> kept;
  for (Column& column : all)
    if (columns >= column.from_columns) kept.push_back(std::move(column));
  for (Column& column : kept)
    column.width = std::max(column.width, dialtone::display_width(column.head));
  return kept;
}

std::string flush_right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, dialtone::display_width(text)), ' ') + text;
}

std::string twigs(const Branch& branch) {
  std::string text;
  const std::size_t levels = branch.goes_on.size();
  if (branch.depth > levels) text += dialtone::glyph("⋯ ", ". ");
  for (std::size_t i = 0; i + 1 < levels; ++i)
    text += branch.goes_on[i] ? dialtone::glyph("│ ", "| ") : "  ";
  if (levels > 0)
    text += branch.goes_on.back() ? dialtone::glyph("├ ", "|-") : dialtone::glyph("└ ", "`-");
  return text;
}

std::optional<Colour> colour_of(char state) {
  switch (state) {
    case 'R':
      return Colour::green;
    case 'Z':
      return Colour::red;
    case 'T':
    case 't':
      return Colour::yellow;
    case 'D':
      return Colour::blue;
    default:
      return std::nullopt;
  }
}

/// Whether it has run since, as its switches tell.
bool has_moved(const Row& row, const std::vector<Row>* before) {
  if (before == nullptr) return false;
  const auto at = std::lower_bound(before->begin(), before->end(), row.pid,
                                   [](const Row& one, pid_t pid) { return one.pid < pid; });
  if (at == before->end() || at->pid != row.pid) return true;
  return at->voluntary != row.voluntary || at->involuntary != row.involuntary;
}

}  // namespace

std::vector<std::string> tree_lines(const std::vector<Branch>& tree, std::size_t columns,
                                    const std::vector<Row>* before) {
  const std::vector<Column> figures = columns_for(columns);
  std::vector<std::string> lines(1);
  std::size_t taken = 0;
  for (const Column& column : figures) {
    lines[0] += flush_right(column.head, column.width) + ' ';
    taken += column.width + 1;
  }
  lines[0] = dialtone::clip(lines[0] + ' ' + tr("NAME", "名称"), columns);
  const std::size_t room = columns > taken + 1 ? columns - taken - 1 : 0;
  const std::string ellipsis(dialtone::glyph("…", "~"));
  for (const Branch& branch : tree) {
    std::string line;
    for (const Column& column : figures)
      line.append(flush_right(column.text(*branch.row), column.width)).append(" ");
    line += ' ';
    const std::string name = dialtone::cut(twigs(branch) + safe(branch.row->name), room, ellipsis);
    // Cut before it is coloured: a colour takes no column.
    if (dialtone::display_width(line) + dialtone::display_width(name) > columns)
      line = dialtone::clip(line.append(name), columns);
    else if (const auto colour = colour_of(branch.row->state))
      line += coloured(*colour, name);
    else
      line += name;
    lines.push_back(has_moved(*branch.row, before) ? coloured(Colour::bold, line) : line);
  }
  return lines;
}

std::vector<std::string> state_legend(const std::vector<Branch>& tree) {
  std::set<char> seen;
  for (const Branch& branch : tree) seen.insert(branch.row->state);
  std::vector<std::string> items;
  for (const char state : seen)
    items.push_back(safe(std::string_view(&state, 1)) + ' ' + state_words(state));
  return items;
}

Arranged::Arranged(ProcessTable read, const Choice& choice) : table(std::move(read)) {
  if (!choice.root && !choice.kernel_threads)
    table.rows = without_kernel_threads(table.rows, kernel_threads);
  tree = arrange(table.rows, choice.root);
}

std::vector<std::string> footnotes(const Arranged& arranged) {
  std::vector<std::string> lines;
  if (arranged.kernel_threads > 0)
    lines.push_back(std::to_string(arranged.kernel_threads) +
                    tr(" threads of the kernel are left out (--all shows them)",
                       " 个内核线程未列出（--all 会列出）"));
  if (arranged.table.vanished > 0)
    lines.push_back(
        std::to_string(arranged.table.vanished) +
        tr(" ended while the table was read, and are left out", " 个进程在读取时结束，未列出"));
  return lines;
}

// --- the tour's stop -------------------------------------------------------------------------

ProcessTable play_tree() {
  const auto ready = [](Player player) {
    char byte = 0;
    if (!hear(player.from, &byte, 1))
      fail(tr("a process on stage ended too early", "台上的进程过早结束"));
    return player;
  };
  const Player sleeper = ready(play({"rest", "sleeper", "3"}));
  Player family = ready(play({"family"}));
  const Player runner = ready(play({"work", "runner", "0"}));
  tell(runner.to);
  const Player stopped = ready(play({"rest", "stopped", "1"}));
  stopped.actor.stop();
  Player ended = ready(play({"rest", "ended", "1"}));
  ended.to = Descriptor();
  ended.actor.wait_until_ended();

  const ProcessTable all = read_table();
  family.to = Descriptor();  // else the grandchild would be an orphan
  family.actor.wait();
  ProcessTable mine;
  for (const Branch& branch : arrange(all.rows, ::getpid())) mine.rows.push_back(*branch.row);
  std::sort(mine.rows.begin(), mine.rows.end(),
            [](const Row& a, const Row& b) { return a.pid < b.pid; });
  return mine;
}

void show(const ProcessTable& table, Page& page) {
  page.heading(tr("6. The process table is a tree", "6. 进程表是一棵树"));
  page.explain(
      tr("Every process has a parent. This is the tour's own branch, with children in several "
         "states; process-tour tree shows the whole table.",
         "每个进程都有父进程。下面是本程序自己的一枝，其中的子进程处于不同状态；"
         "process-tour tree 显示整张表。"));
  const std::vector<Branch> tree = arrange(table.rows, std::nullopt);
  for (const std::string& line : tree_lines(tree, page.columns())) page.line(line);
  page.items("", state_legend(tree), "   ");
  page.gap();
}

}  // namespace process_tour
