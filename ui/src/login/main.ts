import { mount } from 'svelte'
import '../styles/all.css'
import '../styles/login.css'
import { preferences } from '../frame/preferences.svelte'
import { wearColour } from '../frame/cluster'
import { escapeInvisible } from '../frame/invisible'
import LoginPage from './LoginPage.svelte'

preferences.apply()
escapeInvisible(document.documentElement)
wearColour()
const target = document.getElementById('app')
if (target) mount(LoginPage, { target })
