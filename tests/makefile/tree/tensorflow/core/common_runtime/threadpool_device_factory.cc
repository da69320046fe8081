#include "tensorflow/core/common_runtime/device_factory.h"
#include "tensorflow/core/common_runtime/threadpool_device.h"

namespace tensorflow {

namespace {

class ThreadPoolDeviceFactory : public DeviceFactory {
 public:
  Device* CreateDevice() override { return new ThreadPoolDevice; }
};

REGISTER_LOCAL_DEVICE_FACTORY("CPU", ThreadPoolDeviceFactory);

}  // namespace
}  // namespace tensorflow
