#include "pristine.hpp"

#include <openssl/evp.h>

#include "failure.hpp"
#include "language.hpp"
#include "process.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds git_time{30};
constexpr std::size_t largest_file = std::size_t{4} << 20U;

std::optional<std::string> with_digest(const fs::path& file, const std::string& digest) {
  if (!fs::is_regular_file(file)) return std::nullopt;
  std::string text = read_file(file);
  if (sha256(text) != digest) return std::nullopt;
  return text;
}

std::optional<std::string> from_history(const Tree& tree, const std::string& path,
                                        const std::string& digest) {
  const auto git = [&tree](std::vector<std::string> arguments) {
    Command command;
    command.arguments = std::move(arguments);
    command.arguments.insert(command.arguments.begin(), {"git", "-C", tree.root.string()});
    return run(command, git_time, largest_file);
  };
  try {
    const Outcome commits = git({"log", "--all", "--format=%H", "--", path});
    if (!commits.succeeded()) return std::nullopt;
    for (const std::string& commit : lines_of(commits.out)) {
      std::string name = commit;
      name += ":" + path;
      const Outcome version = git({"show", name});
      if (version.succeeded() && sha256(version.out) == digest) return version.out;
    }
  } catch (const std::runtime_error&) {  // no git on this machine
  }
  return std::nullopt;
}

fs::path free_backup_name(const fs::path& file) {
  fs::path name = file.string() + ".student-backup";
  for (int number = 2; fs::exists(name); ++number)
    name = file.string() + "." + std::to_string(number) + ".student-backup";
  return name;
}

}  // namespace

std::string sha256(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr) != 1)
    throw Failure("OpenSSL cannot compute a SHA-256");
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += {digits[digest[i] >> 4U], digits[digest[i] & 15U]};
  }
  return hex;
}

std::optional<std::string> recorded_digest(const std::string& records, const std::string& path) {
  for (const std::string& line : lines_of(records)) {
    if (line.size() < 66 || line.substr(64, 1) != " ") continue;
    if (line.substr(66) == path) return line.substr(0, 64);  // "  " or " *" between
  }
  return std::nullopt;
}

std::string pristine_text(const Tree& tree, const Lab& lab) {
  const std::string path = lab.starter().string();
  const auto digest = recorded_digest(read_file(tree.root / "labs" / "starters.sha256"), path);
  if (!digest)
    throw Failure(
        tr("labs/starters.sha256 records no digest of ", "labs/starters.sha256 中没有记录 ") +
        path);
  for (const fs::path& file : {tree.root / path, tree.build / "pristine" / *digest})
    if (const auto text = with_digest(file, *digest)) return *text;
  if (const auto text = from_history(tree, path, *digest)) return *text;
  throw Failure(tr("the shipped text of " + path + " is nowhere: not in the file, not in " +
                       tree.shown(tree.build / "pristine") +
                       ", not in git's history; take it from the archive that you began with",
                   "找不到 " + path + " 的原始文本：文件本身、" +
                       tree.shown(tree.build / "pristine") +
                       " 和 git 历史中都没有；请从最初的压缩包中取回"));
}

fs::path reset_starter(const Tree& tree, const Lab& lab) {
  const std::string pristine = pristine_text(tree, lab);
  const fs::path file = tree.root / lab.starter();
  fs::path backup;
  if (fs::exists(file)) {
    if (read_file(file) == pristine) return backup;
    backup = free_backup_name(file);
    fs::copy_file(file, backup);
  }
  fs::create_directories(file.parent_path());
  write_file(file, pristine);
  return backup;
}

}  // namespace dialtone
