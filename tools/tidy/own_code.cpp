// A plugin of clang-tidy that keeps its checks to the project's own code. Without it they match
// every declaration of the libraries' headers too, with each file anew, and then drop what they
// find there: half of the lint's time. Whatever is declared outside of the system's headers is
// still looked at.
#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>
#include <clang/AST/ASTContext.h>
#include <clang/ASTMatchers/ASTMatchFinder.h>

#include <vector>

namespace {

/// Finds nothing: matches the whole unit, which comes before its parts, and says which of them
/// follow.
class OwnCode : public clang::tidy::ClangTidyCheck {
 public:
  using ClangTidyCheck::ClangTidyCheck;

  void registerMatchers(clang::ast_matchers::MatchFinder* finder) override {
    finder->addMatcher(clang::ast_matchers::translationUnitDecl().bind("unit"), this);
  }

  void check(const clang::ast_matchers::MatchFinder::MatchResult& result) override {
    const auto* unit = result.Nodes.getNodeAs<clang::TranslationUnitDecl>("unit");
    const clang::SourceManager& sources = *result.SourceManager;
    std::vector<clang::Decl*> own;
    for (clang::Decl* declared : unit->noload_decls()) {  // nor what is precompiled and not used
      const clang::SourceLocation place = sources.getExpansionLoc(declared->getLocation());
      if (place.isValid() && !sources.isInSystemHeader(place)) own.push_back(declared);
    }
    result.Context->setTraversalScope(own);
  }
};

class OwnCodeModule : public clang::tidy::ClangTidyModule {
 public:
  void addCheckFactories(clang::tidy::ClangTidyCheckFactories& factories) override {
    factories.registerCheck<OwnCode>("dialtone-own-code");
  }
};

const clang::tidy::ClangTidyModuleRegistry::Add<OwnCodeModule> added("dialtone",
                                                                     "The own code alone");

}  // namespace
