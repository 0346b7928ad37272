// A recording of one conversation in the form of vectors/README.md (psrp/NAME.log): what `psrp
// decode` and the tests read. Plain text, or gzip where the file's name ends in .gz.
#pragma once

#include <psrp/transport/line_reader.hpp>
#include <psrp/transport/outofproc_framing.hpp>
#include <psrp/transport/secret_mask.hpp>
#include <psrp/transport/wire_tap.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace psrp {

// Whether a recording shows secrets.
enum class CaptureSecrets : std::uint8_t {
    Masked,  // SecureStrings, passwords in credentials among them, are overwritten; their length
             // stays
    Written, // everything is written as it travelled
};

// The name of the recording of the `number`th of `count` connections that share one name: `path`
// itself where there is one, else `name-2.log.gz` and so on.
std::string capture_path(const std::string& path, std::size_t number, std::size_t count);

// Writes the lines of both sides to a file as they pass. A line that cannot be written (a full
// disk) ends the recording, never the session. Scripts, arguments and output are written as they
// are: a password in a script's text is not recognised.
class Capture final : public WireTap {
public:
    // Creates the file, or empties it, readable by its owner alone. Error: the errno value.
    static Result<std::unique_ptr<Capture>>
    create(const std::string& path, CaptureSecrets secrets = CaptureSecrets::Masked);
    ~Capture() override;
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    // The line of arguments that the connection was made with.
    void write_arguments(const std::vector<std::string>& arguments);
    void on_client_bytes(clixml::BytesView bytes) override;
    void on_server_bytes(clixml::BytesView bytes) override;

    // Writes what is left and closes the file. Error: the first one that writing met. Done by the
    // destructor where nobody wants to know.
    Result<void> finish();

private:
    class File;
    struct Side {
        char letter;
        ElementSender sender;
        LineReader lines;
        std::map<std::tuple<Guid, Stream>, SecretMask> masks;
    };

    Capture(std::unique_ptr<File> file, CaptureSecrets secrets);
    void on_bytes(Side& side, clixml::BytesView bytes);
    void write_line(Side& side, std::string_view line);
    void put(char letter, std::string_view line);
    // The line with its secrets masked, or nothing where it has none.
    [[nodiscard]] std::vector<std::string> masked_lines(Side& side, std::string_view line);

    std::unique_ptr<File> file_;
    CaptureSecrets secrets_;
    Side client_;
    Side server_;
};

} // namespace psrp
