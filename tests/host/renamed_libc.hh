// Gives our C-library functions other names, so that a test links them beside the host's. Include
// after every other header and before the source under test.
#pragma once

#define memcpy jos_memcpy
#define memmove jos_memmove
#define memset jos_memset
#define memcmp jos_memcmp
#define memchr jos_memchr
#define strlen jos_strlen
#define strnlen jos_strnlen
#define strcpy jos_strcpy
#define strncpy jos_strncpy
#define strlcpy jos_strlcpy
#define strcat jos_strcat
#define strcmp jos_strcmp
#define strncmp jos_strncmp
#define strcasecmp jos_strcasecmp
#define strncasecmp jos_strncasecmp
#define strchr jos_strchr
#define strrchr jos_strrchr
#define strstr jos_strstr
#define strtol jos_strtol
#define strtoul jos_strtoul
#define atoi jos_atoi
#define snprintf jos_snprintf
#define vsnprintf jos_vsnprintf
