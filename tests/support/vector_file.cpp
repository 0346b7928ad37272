#include <tests/support/vector_file.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace tests {

std::string VectorCase::where() const
{
    return file + ":" + std::to_string(line) + " " + name;
}

std::string VectorCase::text(std::string_view key) const
{
    return fields.at(std::string(key)).get<std::string>();
}

bool VectorCase::has(std::string_view key) const
{
    return fields.contains(std::string(key));
}

std::filesystem::path vector_path(std::string_view relative_path)
{
    return std::filesystem::path(PSRP_VECTORS_DIR) / relative_path;
}

std::vector<VectorCase> read_vector_file(std::string_view relative_path)
{
    const std::string file(relative_path);
    std::istringstream lines(read_whole_file(vector_path(relative_path)));
    std::vector<VectorCase> cases;
    std::string text;
    for (std::size_t line = 1; std::getline(lines, text); ++line) {
        if (text.empty()) continue;
        try {
            auto fields = nlohmann::json::parse(text);
            std::string name = fields.value("name", "");
            cases.push_back({file, line, std::move(name), std::move(fields)});
        } catch (const nlohmann::json::exception& error) {
            throw std::runtime_error(file + ":" + std::to_string(line) + ": " + error.what());
        }
    }
    if (cases.empty()) throw std::runtime_error(file + ": no cases");
    return cases;
}

std::vector<std::string> list_vector_files(std::string_view folder, std::string_view suffix)
{
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(vector_path(folder))) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(suffix)) paths.push_back(std::string(folder) + "/" + name);
    }
    if (paths.empty()) throw std::runtime_error(std::string(folder) + ": no such vectors");
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string read_whole_file(const std::filesystem::path& path)
{
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw std::runtime_error(path.string() + ": cannot be opened");
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

} // namespace tests
