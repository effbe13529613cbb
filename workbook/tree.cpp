#include "tree.hpp"

#include <fstream>

#include "failure.hpp"
#include "language.hpp"

namespace dialtone {

namespace fs = std::filesystem;

std::string Tree::command() const {
  return shown(build / "bin" / "workbook");
}

std::string Tree::shown(const fs::path& path) const {
  const fs::path relative = path.lexically_relative(root);
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

std::string cached_setting(const fs::path& build, const std::string& name) {
  std::ifstream cache(build / "CMakeCache.txt");
  std::string line;
  while (std::getline(cache, line))
    if (line.rfind(name + ":", 0) == 0 && line.find('=') != std::string::npos)
      return line.substr(line.find('=') + 1);
  return "";
}

Tree find_tree() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  const fs::path build = program.parent_path().parent_path();
  const std::string root = cached_setting(build, "CMAKE_HOME_DIRECTORY");
  if (root.empty())
    throw Failure(tr("this program is not in a build folder: " + build.string() +
                         " has no CMakeCache.txt that names its source tree; run the one that "
                         "`make build` makes",
                     "本程序不在构建目录中：" + build.string() +
                         " 没有指明源码目录的 CMakeCache.txt；请运行 `make build` 生成的程序"));
  if (!fs::is_directory(fs::path(root) / "labs"))
    throw Failure(tr("the source tree " + root +
                         " has no labs/ folder: was it moved? Configure "
                         "the build again (cmake -S . -B build -G Ninja)",
                     "源码目录 " + root +
                         " 中没有 labs/：它被移动了吗？请重新配置构建"
                         "（cmake -S . -B build -G Ninja）"));
  return {root, build};
}

}  // namespace dialtone
