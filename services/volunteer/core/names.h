#pragma once

#include "services/provider/names.h"
#include "wushe/volunteer/state/v1/volunteer_row.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

/* Schema names for generated ones. */
typedef Volunteer__AddVolunteer AddVolunteer;
typedef Volunteer__SetAvailability SetAvailability;
typedef Volunteer__JoinTeam JoinTeam;
typedef Volunteer__LeaveTeam LeaveTeam;
typedef Volunteer__WeeklyTime WeeklyTime;
typedef Volunteer__Stretch Stretch;
typedef Volunteer__Place Place;
typedef VolunteerState__VolunteerRow VolunteerRow;
typedef VolunteerState__VolunteerNumberRow VolunteerNumberRow;
typedef VolunteerState__ShiftRow ShiftRow;
typedef VolunteerState__AssignmentRow AssignmentRow;
