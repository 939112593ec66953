/* SPDX-License-Identifier: MIT */
#ifndef SCHEDULE_SETTING_H
#define SCHEDULE_SETTING_H

/* Draws what holds for the whole run, and configures the preload. */
void setting_draw(void);

void setting_trace(void);

#endif
