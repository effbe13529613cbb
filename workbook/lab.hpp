// A lab as its lab.json and its folder tell it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "language.hpp"
#include "tree.hpp"

namespace dialtone {

/// A text in both languages.
struct Bilingual {
  std::string en;
  std::string zh;
  const std::string& text() const { return language() == Language::chinese ? zh : en; }
};

struct LabCase {
  std::string id;
  unsigned points = 0;
  Bilingual title;
  std::vector<Bilingual> hints;  ///< from the vaguest to the plainest; at least one
};

struct Lab {
  std::string number;  ///< "01"; the capstone's is "ftp"
  std::string name;    ///< "socket-basics", as people type it
  Bilingual title;
  std::vector<std::string> notes;              ///< names of pages: "01-sockets"
  std::vector<std::vector<std::string>> demo;  ///< commands, the program (of build/bin) first
  std::vector<LabCase> cases;

  /// The name in code and in targets: "socket_basics".
  std::string identifier() const;
  /// The capstone is a server of its own in ftp/: without practice tests, judged as a process.
  bool is_capstone() const { return number == "ftp"; }
  /// "01-socket-basics"; "ftp"
  std::string folder() const { return is_capstone() ? number : number + "-" + name; }
  /// The folder from the root, and from the build folder: "labs/01-socket-basics"; "ftp".
  std::filesystem::path directory() const;
  /// "socket_basics.cpp"; "server.cpp"
  std::string file_name() const { return is_capstone() ? "server.cpp" : identifier() + ".cpp"; }
  /// The one file that a student edits, from the root.
  std::filesystem::path starter() const;
  /// The reference, from the root; a student's tree has none.
  std::filesystem::path solution() const;
  /// The case of that name. Throws UsageFailure, naming those that there are.
  const LabCase& find_case(const std::string& id) const;
  unsigned possible() const;  ///< the sum of the cases' points: 100
};

/// Reads and checks one lab.json. `folder` is the lab's directory name, `where` names the file in
/// messages. Throws Failure with the place ("$.cases[0].points") and the reason in one line.
Lab parse_lab(const std::string& text, const std::string& folder, const std::string& where);

/// Every labs/NN-name that has a lab.json, in teaching order, and then the capstone where there is
/// one. Throws Failure.
std::vector<Lab> load_labs(const Tree& tree);

/// The lab that a person names as "1", "01", "socket-basics", "socket_basics" or
/// "01-socket-basics". Throws UsageFailure, naming those that there are.
const Lab& find_lab(const std::vector<Lab>& labs, const std::string& asked);

/// The page of the site to read for a lab where the site is built, else the file of the notes,
/// else the lab's README: a path from the root.
std::string page_to_read(const Tree& tree, const Lab& lab);

}  // namespace dialtone
