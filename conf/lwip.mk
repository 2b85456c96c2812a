# The TCP/IP stack, which is not part of this tree: `./bootstrap` fetches the source package of
# the distribution and unpacks it into LWIP_DIR. LWIP_DIR=/some/tree on the command line or in
# conf/env.mk takes another one (2.1.3 and 2.2.x build). Plain NAME := value lines only: bootstrap
# reads them too.
LWIP_VERSION := 2.1.3
LWIP_PACKAGE := lwip
LWIP_PACKAGE_VERSION := 2.1.3+dfsg1-2
LWIP_ARCHIVE := lwip_2.1.3+dfsg1.orig.tar.xz
LWIP_SHA256 := 0a8276d09fc4e97bbba2f953d74af2388fc2195ea156be9d7589e297a68fde24
LWIP_DIR ?= .deps/lwip-2.1.3
