// The process table as a tree: text, a picture, and live on a terminal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lives.hpp"
#include "table.hpp"

namespace process_tour {

/// A head, then a line for each process, each of at most `columns`; narrow ones have fewer columns.
/// Those whose numbers of switches have grown since `before` are marked on a lively terminal.
std::vector<std::string> tree_lines(const std::vector<Branch>& tree, std::size_t columns,
                                    const std::vector<Row>* before = nullptr);

/// What the letters of the states mean that occur.
std::vector<std::string> state_legend(const std::vector<Branch>& tree);

/// The tree as SVG, light and dark; at most 200 processes.
std::string tree_svg(const std::vector<Branch>& tree);

/// What is to be shown of a table.
struct Choice {
  std::optional<pid_t> root;
  bool kernel_threads = false;
};

/// A table with its tree. Move-only: the branches point into the rows.
struct Arranged {
  Arranged(ProcessTable read, const Choice& choice);
  Arranged(Arranged&&) = default;
  Arranged& operator=(Arranged&&) = default;

  ProcessTable table;
  std::size_t kernel_threads = 0;  ///< left out
  std::vector<Branch> tree;
};

/// The lines below the tree: what was left out, and why.
std::vector<std::string> footnotes(const Arranged& arranged);

/// Shows it anew each second until q or Ctrl-C. Throws UsageFailure where this is no terminal.
void follow(const Choice& choice);

/// The tour's stop: this process and five children in different states.
ProcessTable play_tree();
void show(const ProcessTable& table, Page& page);

}  // namespace process_tour
