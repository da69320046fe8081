// An app's own DecryptModel. As there is no cipher for this processor here, a program of the host's
// decrypts: DECRYPT is how a shell starts it, SCRATCH a folder for what goes there and comes back.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

bool DecryptModel(std::string* bytes) {
  const std::string scratch = std::getenv("SCRATCH"), command = std::getenv("DECRYPT");
  const std::string given = scratch + "/encrypted", made = scratch + "/decrypted";
  std::ofstream(given, std::ios::binary) << *bytes;
  if (std::system((command + " <'" + given + "' >'" + made + "'").c_str()) != 0) return false;
  std::ifstream file(made, std::ios::binary);
  bytes->assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return file.good() || file.eof();
}
